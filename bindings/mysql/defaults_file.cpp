#include "bindings/mysql/defaults_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "host/base/descriptor.hpp"
#include "host/base/error.hpp"

namespace opshost::mysql {

namespace {

std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r";
  const auto begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

/// Quotes around a value go, and \n \t \r \b \s \\ stand for what they stand for in the client's own files.
std::string value_of_option(std::string_view text) {
  if (text.size() >= 2 && (text.front() == '"' || text.front() == '\'') && text.back() == text.front()) {
    text = text.substr(1, text.size() - 2);
  }
  std::string value;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      value += text[i];
      continue;
    }
    constexpr std::string_view kLetters = "ntrbs\\\"'";
    constexpr std::string_view kMeanings = "\n\t\r\b \\\"'";
    const auto letter = kLetters.find(text[++i]);
    if (letter == std::string_view::npos) {
      value += '\\';
      value += text[i];
    } else {
      value += kMeanings[letter];
    }
  }
  return value;
}

}  // namespace

void fail_in_file(const std::string& path, const std::string& what) {
  throw Error("mysql.defaults_file", "the option file " + describe(Value(path)) + " " + what);
}

std::map<std::string, std::string> parse_defaults(std::string_view text, const std::string& path) {
  std::map<std::string, std::string> options;
  bool ours = false;
  for (std::size_t line = 1; !text.empty(); ++line) {
    const auto end = text.find('\n');
    const std::string_view content = trim(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (content.empty() || content.front() == '#' || content.front() == ';') continue;
    if (content.front() == '!') {
      fail_in_file(path, "has a line " + std::to_string(line) + " that includes another file (" + std::string(content) +
                             "); name that file instead");
    }
    if (content.front() == '[') {
      if (content.back() != ']') fail_in_file(path, "has a section name without ] in line " + std::to_string(line));
      const auto section = content.substr(1, content.size() - 2);
      ours = section == "client" || section == "client-server";
      continue;
    }
    if (!ours) continue;
    const auto equals = content.find('=');
    std::string name(trim(content.substr(0, equals)));
    std::replace(name.begin(), name.end(), '_', '-');
    if (name.starts_with("loose-")) name.erase(0, std::string_view("loose-").size());
    options[name] = equals == std::string_view::npos ? "" : value_of_option(trim(content.substr(equals + 1)));
  }
  return options;
}

std::string read_private_file(const std::string& path) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) fail_in_file(path, "cannot be read: " + errno_text(errno));
  struct stat info{};
  if (fstat(file.get(), &info) != 0) fail_in_file(path, "cannot be read: " + errno_text(errno));
  if (!S_ISREG(info.st_mode)) fail_in_file(path, "is no file");
  if ((info.st_mode & 077) != 0) {
    fail_in_file(path, "can be read by others than its owner, and it has a password in it; chmod 0600 it");
  }
  std::string text;
  std::array<char, 4096> part;
  for (;;) {
    const ssize_t size = read(file.get(), part.data(), part.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) fail_in_file(path, "cannot be read: " + errno_text(errno));
    if (size == 0) return text;
    text.append(part.data(), static_cast<std::size_t>(size));
    if (text.size() > (std::size_t{1} << 20)) fail_in_file(path, "is larger than 1MiB, which no option file is");
  }
}

}  // namespace opshost::mysql
