#pragma once
// What the tests of this binding share.
#include <dirent.h>
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "bindings/local/accounts.hpp"
#include "bindings/local/platform.hpp"
#include "bindings/local/process.hpp"
#include "tests/unit/fake_call.hpp"

namespace opshost::local::test {

using opshost::test::FakeCall;
using opshost::test::Loop;

inline std::set<int> open_descriptors() {
  std::set<int> descriptors;
  DIR* folder = opendir("/proc/self/fd");
  const int own = dirfd(folder);
  while (const dirent* entry = readdir(folder)) {
    const int number = std::atoi(entry->d_name);
    if (entry->d_name[0] != '.' && number != own) descriptors.insert(number);
  }
  closedir(folder);
  return descriptors;
}

/// Declared before a loop: at the end no descriptor may be open that was not, and no child be left, not even a zombie.
class NoLeaks {
 public:
  NoLeaks() : before_(open_descriptors()) {}
  ~NoLeaks() {
    CHECK(open_descriptors() == before_);
    siginfo_t info{};
    const int children = waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT);
    CHECK(children == -1);
    CHECK(errno == ECHILD);
  }
  NoLeaks(const NoLeaks&) = delete;
  NoLeaks& operator=(const NoLeaks&) = delete;

 private:
  std::set<int> before_;
};

struct Fixture {
  NoLeaks no_leaks;
  Loop loop;
  FakeCall& call = loop.call();

  CommandResult run(std::vector<std::string> argv, RunOptions options = {}) {
    return loop.run(run_process(call, Command{std::move(argv), {}}, std::move(options)));
  }
  CommandResult shell(const std::string& line, RunOptions options = {}) {
    return loop.run(run_process(call, Command{{"/bin/sh", "-c", line}, line}, std::move(options)));
  }
};

/// What it throws, which has to be an Error.
template <class Act>
Error error_of(const Act& act) {
  try {
    act();
  } catch (const Error& error) {
    return error;
  }
  FAIL("nothing was thrown");
  return {"", ""};
}

/// Code and full text of an Error.
#define CHECK_ERROR(CAUGHT, CODE, MESSAGE_TEXT) \
  do {                                          \
    const Error caught = CAUGHT;                \
    CHECK(caught.code() == (CODE));             \
    CHECK(caught.message() == (MESSAGE_TEXT));  \
  } while (false)

/// The call's Lua function, called with each line.
inline Callback<std::string, std::string> on_line(FakeCall& call,
                                                  std::function<void(const std::string&, const std::string&)> react) {
  call.on_callback = [react = std::move(react)](int, ValueList arguments) -> Awaitable<void> {
    react(*arguments.at(0).get_if<std::string>(), *arguments.at(1).get_if<std::string>());
    co_return;
  };
  return {1, std::make_shared<int>(0)};
}

/// Waits for the condition; false after a time no healthy machine needs.
template <class Condition>
bool eventually(const Condition& condition) {
  const auto give_up = Clock::now() + std::chrono::seconds(30);
  while (!condition()) {
    if (Clock::now() > give_up) return false;
    std::this_thread::yield();
  }
  return true;
}

inline bool is_gone(pid_t pid) { return kill(pid, 0) != 0 && errno == ESRCH; }

/// Puts the kernel's newer features away for a while.
class OldKernel {
 public:
  OldKernel() { platform() = {.pidfd = false, .close_range = false}; }
  ~OldKernel() { platform() = {}; }
  OldKernel(const OldKernel&) = delete;
  OldKernel& operator=(const OldKernel&) = delete;
};

inline bool is_root() { return geteuid() == 0; }

/// A folder that goes away with the test.
class TempFolder {
 public:
  TempFolder() {
    std::string pattern = "/tmp/opshost-test-XXXXXX";
    path_ = mkdtemp(pattern.data());
  }
  ~TempFolder() { std::filesystem::remove_all(path_); }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace opshost::local::test
