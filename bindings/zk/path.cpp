#include "bindings/zk/path.hpp"

#include <algorithm>

#include "host/base/error.hpp"
#include "host/base/utf8.hpp"

namespace opshost::zk {

namespace {

[[noreturn]] void refuse(std::string_view path, const std::string& why) {
  throw Error("usage.argument", describe(Value(std::string(path)), 200) + " is no path of a node: " + why);
}

void check_parts(std::string_view path, bool sequential) {
  std::size_t begin = 1;
  while (begin <= path.size()) {
    const auto end = std::min(path.find('/', begin), path.size());
    const auto part = path.substr(begin, end - begin);
    const bool is_last = end == path.size();
    if (part.empty() && !(is_last && sequential)) refuse(path, is_last ? "it ends in \"/\"" : "it has an empty part");
    if ((part == "." || part == "..") && !(is_last && sequential))
      refuse(path, "\"" + std::string(part) + "\" is no name; give the whole path");
    begin = end + 1;
  }
}

/// Those a server refuses: controls, surrogates and private use, specials; what lies beyond is two surrogates to it.
bool is_refused(char32_t number) {
  return number <= 0x1f || (number >= 0x7f && number <= 0x9f) || (number >= 0xd800 && number <= 0xf8ff) ||
         number >= 0xfff0;
}

void check_characters(std::string_view path) {
  for (std::string_view rest = path; !rest.empty();) {
    const auto character = decode_utf8(rest);
    if (!character) refuse(path, "it is not UTF-8");
    if (is_refused(character->value))
      refuse(path, "byte " + std::to_string(path.size() - rest.size() + 1) + " begins a character no server takes");
    rest.remove_prefix(character->length);
  }
}

}  // namespace

void check_path(std::string_view path, bool sequential) {
  if (path.empty() || path.front() != '/') refuse(path, "it has to begin with \"/\"");
  check_characters(path);
  if (path.size() > 1) check_parts(path, sequential);
}

std::string parent_of(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == 0 || slash == std::string_view::npos ? "/" : std::string(path.substr(0, slash));
}

std::string name_of(std::string_view path) { return std::string(path.substr(path.rfind('/') + 1)); }

std::string join(std::string_view parent, std::string_view name) {
  std::string path(parent == "/" ? "" : parent);
  path += '/';
  path += name;
  return path;
}

}  // namespace opshost::zk
