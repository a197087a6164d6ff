#pragma once
// A terminal for tests, and standard descriptors that lead elsewhere for a while.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <string>
#include <string_view>

#include "host/base/descriptor.hpp"

namespace opshost::test {

/// What can be read from `descriptor` until it ends with `last`, or the deadline passed.
inline std::string read_until(int descriptor, std::string_view last) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  std::string text;
  while (!text.ends_with(last) && std::chrono::steady_clock::now() < deadline) {
    pollfd wanted{.fd = descriptor, .events = POLLIN, .revents = 0};
    if (poll(&wanted, 1, 100) <= 0) continue;
    std::array<char, 4096> buffer{};
    const ssize_t got = read(descriptor, buffer.data(), buffer.size());
    if (got <= 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return text;
}

/// The person's side and the program's side of a terminal.
class PseudoTerminal {
 public:
  PseudoTerminal() : person_(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) {
    REQUIRE(person_);
    REQUIRE(grantpt(person_.get()) == 0);
    REQUIRE(unlockpt(person_.get()) == 0);
    program_ = Descriptor(open(ptsname(person_.get()), O_RDWR | O_NOCTTY | O_CLOEXEC));
    REQUIRE(program_);
  }

  [[nodiscard]] int program() const { return program_.get(); }
  void type(std::string_view text) const {
    REQUIRE(write(person_.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  }
  [[nodiscard]] std::string seen_until(std::string_view last) const { return read_until(person_.get(), last); }
  void set_columns(unsigned short columns) const {
    const winsize size{.ws_row = 25, .ws_col = columns, .ws_xpixel = 0, .ws_ypixel = 0};
    REQUIRE(ioctl(program_.get(), TIOCSWINSZ, &size) == 0);
  }
  void hang_up() { person_.reset(); }

 private:
  Descriptor person_;
  Descriptor program_;
};

/// `descriptor` leads to `target` while this lives.
class Redirected {
 public:
  Redirected(int descriptor, int target) : descriptor_(descriptor), before_(fcntl(descriptor, F_DUPFD_CLOEXEC, 10)) {
    REQUIRE(dup2(target, descriptor_) == descriptor_);
  }
  ~Redirected() { dup2(before_.get(), descriptor_); }
  Redirected(const Redirected&) = delete;
  Redirected& operator=(const Redirected&) = delete;

 private:
  int descriptor_;
  Descriptor before_;
};

/// An environment variable with another value (nullptr: none) while this lives.
class WithVariable {
 public:
  WithVariable(std::string name, const char* value) : name_(std::move(name)) {
    if (const char* before = getenv(name_.c_str())) {
      was_set_ = true;
      before_ = before;
    }
    set(value);
  }
  ~WithVariable() { set(was_set_ ? before_.c_str() : nullptr); }
  WithVariable(const WithVariable&) = delete;
  WithVariable& operator=(const WithVariable&) = delete;

 private:
  void set(const char* value) const {
    if (value == nullptr) {
      unsetenv(name_.c_str());
    } else {
      setenv(name_.c_str(), value, 1);
    }
  }

  std::string name_;
  bool was_set_ = false;
  std::string before_;
};

}  // namespace opshost::test
