#include "host/lua/secret_sources.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <cstdlib>

#include "host/base/descriptor.hpp"
#include "host/base/names.hpp"
#include "host/base/utf8.hpp"
#include "host/fiber/blocking.hpp"
#include "host/term/prompt.hpp"

namespace opshost {

namespace {

constexpr std::size_t kLargest = std::size_t{1} << 20U;

std::vector<std::string> variable_names() {
  std::vector<std::string> names;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    names.emplace_back(text.substr(0, text.find('=')));
  }
  return names;
}

/// "0644".
std::string mode_text(mode_t mode) {
  std::string digits = "0000";
  for (std::size_t i = 0; i < 4; ++i) digits[3 - i] = static_cast<char>('0' + (mode >> (3 * i) & 7U));
  return digits;
}

void check_is_private(const std::string& path, const struct stat& status) {
  const auto refuse = [&](const std::string& problem) {
    throw Error("secret.not_private", printable(path) + ": " + problem).on(path);
  };
  if (!S_ISREG(status.st_mode)) refuse("it is no regular file");
  if ((status.st_mode & 077U) != 0) {
    refuse("its mode is " + mode_text(status.st_mode & 07777U) + ", so others can read it; chmod 0600 " +
           printable(path));
  }
  if (status.st_uid != geteuid() && status.st_uid != 0) refuse("it belongs to another user, who can change it");
}

std::string read_all(int descriptor, const std::string& path) {
  std::string text;
  std::array<char, 4096> part;  // NOLINT(cppcoreguidelines-pro-type-member-init): read() fills it
  while (true) {
    const ssize_t got = ::read(descriptor, part.data(), part.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw Error("secret.not_readable", printable(path) + ": " + errno_text(errno)).on(path);
    if (got == 0) return text;
    text.append(part.data(), static_cast<std::size_t>(got));
    if (text.size() > kLargest) {
      throw Error("secret.too_large", printable(path) + ": it is longer than 1MiB, which no secret is").on(path);
    }
  }
}

std::string read_private_file(const std::string& path) {
  // Not blocked by a fifo nobody writes to; what is looked at is what is read.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!file) {
    const bool is_missing = errno == ENOENT || errno == ENOTDIR;
    throw Error(is_missing ? "secret.not_found" : "secret.not_readable", printable(path) + ": " + errno_text(errno))
        .on(path);
  }
  struct stat status{};
  if (fstat(file.get(), &status) != 0) {
    throw Error("secret.not_readable", printable(path) + ": " + errno_text(errno)).on(path);
  }
  check_is_private(path, status);
  return read_all(file.get(), path);
}

}  // namespace

Secret make_secret(std::string value, const std::string& origin) {
  if (value.ends_with('\n')) value.pop_back();
  if (value.ends_with('\r')) value.pop_back();
  if (value.empty()) throw Error("secret.empty", origin + " gave an empty secret").on(origin);
  return {std::move(value), origin};
}

Secret secret_from_environment(const std::string& name) {
  const char* value = name.find('\0') == std::string::npos ? std::getenv(name.c_str()) : nullptr;
  if (value == nullptr || *value == '\0') {
    throw Error("secret.not_found",
                value == nullptr
                    ? "the environment has no variable " + printable(name) + did_you_mean(name, variable_names())
                    : "the variable " + printable(name) + " of the environment is empty");
  }
  return {value, "env " + name};
}

Awaitable<Secret> secret_from_file(Call& call, std::string path) {
  if (path.empty() || path.find('\0') != std::string::npos) {
    throw Error("usage.argument", "argument 1 \"path\": " + describe(Value(path)) + " is no path");
  }
  const std::string origin = "file " + printable(path);
  // A local: g++ 12 destroys a closure within a co_await twice.
  auto work = [path = std::move(path)] { return read_private_file(path); };
  auto text = co_await call.blocking().run_file_work(call, std::move(work));
  co_return make_secret(std::move(text), origin);
}

Awaitable<Secret> secret_from_person(Call& call, std::string question) {
  auto prompter = Prompter::open();
  if (!prompter) {
    throw Error("answer.needed", "\"" + printable(question) + "\" needs a person's answer, and there is no terminal; " +
                                     "ops.secret.env, .file and .command need neither");
  }
  std::optional<std::string> line;
  {
    // On the loop, so that Ctrl-C finds the terminal with its echo on again.
    asio::posix::stream_descriptor terminal(call.executor(), ::dup(prompter->descriptor()));
    const auto on_stop = call.stop().on_stop([&terminal] {
      boost::system::error_code ignored;
      terminal.cancel(ignored);
    });
    const HiddenInput hidden(prompter->descriptor());
    prompter->show(printable(question) + ": ");
    boost::system::error_code error;
    co_await terminal.async_wait(asio::posix::stream_descriptor::wait_read,
                                 asio::redirect_error(asio::use_awaitable, error));
    if (call.stop().stopped()) {
      prompter->show("\n");
      throw Error("cancelled", "nobody answered");
    }
    line = prompter->read_line();
  }
  if (!line) throw Error("answer.needed", "\"" + printable(question) + "\" was not answered");
  co_return make_secret(std::move(*line), "a person's input");
}

}  // namespace opshost
