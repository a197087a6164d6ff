#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <condition_variable>
#include <filesystem>
#include <mutex>

#include "bindings/local/process.hpp"
#include "tests/bindings/local/support.hpp"

using namespace opshost;
using namespace opshost::local;
using namespace opshost::local::test;
using namespace std::chrono_literals;

namespace {

struct StopFixture : Fixture {
  /// Runs a shell line until it wrote "ready", stops the call and gives the error.
  Error stopped(const std::string& line, StopReason reason, RunOptions options = {}) {
    options.on_line = on_line(call, [this, reason](const auto& text, const auto&) {
      if (text == "ready") call.stop().stop(reason);
    });
    return error_of([&] { shell(line, options); });
  }
};

std::vector<pid_t> pids_in(const std::string& text) {
  std::vector<pid_t> pids;
  std::size_t at = 0;
  while ((at = text.find("pid=", at)) != std::string::npos) pids.push_back(std::stoi(text.substr(at += 4)));
  return pids;
}

std::string text_field(const Error& error, const char* name) {
  const Value* field = error.detail().field(name);
  return field != nullptr && field->get_if<std::string>() != nullptr ? *field->get_if<std::string>() : "(no field)";
}

}  // namespace

TEST_CASE_FIXTURE(StopFixture, "a timeout ends the program and says so") {
  const auto error = stopped("echo ready; exec sleep 300", StopReason::timeout, {.timeout = 90s});
  CHECK(error.code() == "local.timeout");
  CHECK(error.message() ==
        "echo ready; exec sleep 300 had not ended after 1m30s and was killed; nothing on stderr; stdout: ready");
  CHECK(error.is_maybe_applied());
  CHECK_FALSE(error.is_retryable());
  CHECK(text_field(error, "stdout") == "ready\n");
  CHECK(*error.detail().field("not_killed") == Value(ValueList{}));
  const auto pid = *call.notes.at("pid").get_if<std::int64_t>();
  CHECK(*error.detail().field("pid") == Value(pid));
  CHECK(is_gone(static_cast<pid_t>(pid)));
  CHECK(call.seen() == "pid " + std::to_string(pid) + " was still running and was killed");
}

TEST_CASE_FIXTURE(StopFixture, "another reason than its own timeout is not called one") {
  const auto error = stopped("echo ready; echo half done >&2; exec sleep 300", StopReason::interrupted);
  CHECK(error.code() == "cancelled");
  CHECK(error.message().starts_with("echo ready; echo half done >&2; exec sleep 300 was stopped after "));
  CHECK(error.message().find(" and killed; ") != std::string::npos);
}

TEST_CASE_FIXTURE(StopFixture, "what it writes on SIGTERM is kept") {
  const auto error =
      stopped("trap 'echo cleaned up; exit 1' TERM; echo ready; while :; do sleep 0.01; done", StopReason::timeout);
  CHECK(text_field(error, "stdout") == "ready\ncleaned up\n");
}

TEST_CASE_FIXTURE(StopFixture, "one that ignores SIGTERM gets SIGKILL after its grace") {
  const auto before = Clock::now();
  const auto error =
      stopped("trap '' TERM; echo ready; while :; do sleep 0.01; done", StopReason::timeout, {.grace = 200ms});
  CHECK(error.code() == "local.timeout");
  CHECK(Clock::now() - before >= 200ms);
}

TEST_CASE_FIXTURE(StopFixture, "one that was stopped by SIGSTOP ends too") {
  const auto error = stopped("echo ready; kill -STOP $$; sleep 300", StopReason::timeout, {.grace = 20s});
  CHECK(error.code() == "local.timeout");
}

TEST_CASE_FIXTURE(StopFixture, "the whole family ends with it") {
  std::string line;
  SUBCASE("children") { line = "for i in 1 2 3; do sleep 300 & echo pid=$!; done; echo ready; wait"; }
  SUBCASE("children that ignore SIGTERM, with their output elsewhere") {
    line =
        "for i in 1 2; do sh -c 'trap \"\" TERM; while :; do sleep 0.05; done' >/dev/null 2>&1 & echo pid=$!; done; "
        "echo ready; wait";
  }
  SUBCASE("a child in a session of its own") {
    line = "setsid -w sh -c 'trap \"\" TERM; echo pid=$$; echo ready; while :; do sleep 0.05; done' & wait";
  }
  SUBCASE("children in process groups of their own") {
    line = "set -m; sleep 300 & echo pid=$!; sleep 300 & echo pid=$!; echo ready; wait";
  }
  const auto error = stopped(line, StopReason::timeout, {.grace = 100ms});
  CHECK(error.code() == "local.timeout");
  const auto pids = pids_in(text_field(error, "stdout"));
  CHECK_FALSE(pids.empty());
  for (const pid_t pid : pids) CHECK(eventually([&] { return is_gone(pid); }));
  CHECK(*error.detail().field("not_killed") == Value(ValueList{}));
}

TEST_CASE_FIXTURE(StopFixture, "on a kernel without pidfd too") {
  const OldKernel old;
  CHECK(stopped("echo ready; sleep 300; true", StopReason::timeout).code() == "local.timeout");
}

TEST_CASE_FIXTURE(Fixture, "a call that was stopped before starts nothing") {
  call.stop().stop(StopReason::deadline);
  const auto error = error_of([&] { run({"sleep", "300"}); });
  CHECK(error.code() == "cancelled");
  CHECK(error.message() == "stopped before sleep 300 was started");
  CHECK_FALSE(error.is_maybe_applied());
  CHECK(call.notes.empty());
}

TEST_CASE_FIXTURE(Fixture, "the answer wins over a stop that comes with it") {
  Loop::Outcome<CommandResult> outcome;
  REQUIRE(mkfifo("end", 0600) == 0);
  loop.spawn(run_process(call, {{"cat", "end"}, {}}, {}), outcome);
  loop.context.poll();
  const auto pid = static_cast<pid_t>(*call.notes.at("pid").get_if<std::int64_t>());
  close(open("end", O_WRONLY));
  siginfo_t info{};
  REQUIRE(waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT) == 0);
  loop.context.poll();  // everything it did is in by now
  call.stop().stop(StopReason::timeout);
  loop.run_until([&] { return outcome.done; });
  CHECK(outcome.take().exit_code == 0);
}

TEST_CASE("a stop at any moment leaves no process, no zombie and no descriptor") {
  const auto stop_after = [](int turns, bool as_other) {
    CAPTURE(turns);
    Fixture fixture;
    Loop::Outcome<CommandResult> outcome;
    Command command{{"sh", "-c", "echo one; echo two >&2; sleep 0.02; cat; exec sleep 300"}, {}};
    RunOptions options{.input = std::string(300'000, 'x'), .grace = 50ms};
    if (as_other) options.as_user = "nobody";
    options.on_line = on_line(fixture.call, [](const auto&, const auto&) {});
    fixture.loop.spawn(run_process(fixture.call, command, options), outcome);
    for (int i = 0; i < turns && !outcome.done; ++i) fixture.loop.context.run_one_for(5ms);
    fixture.call.stop().stop(StopReason::timeout);
    fixture.loop.run_until([&] { return outcome.done; });
    CHECK_THROWS_AS(outcome.take(), Error);
  };
  for (int turns = 0; turns < 25; ++turns) stop_after(turns, false);
  {
    const OldKernel old;
    for (int turns = 0; turns < 10; ++turns) stop_after(turns, false);
  }
  if (is_root()) {
    for (int turns = 0; turns < 10; ++turns) stop_after(turns, true);
  }
}

TEST_CASE("a loop that goes down takes its programs along") {
  NoLeaks no_leaks;
  pid_t pid = 0;
  {
    Fixture fixture;
    Loop::Outcome<CommandResult> outcome;
    Command command{{"sh", "-c", "trap '' TERM; sleep 300; sleep 300"}, {}};
    fixture.loop.spawn(run_process(fixture.call, command, {}), outcome);
    fixture.loop.run_until([&] { return fixture.call.notes.contains("pid"); });
    pid = static_cast<pid_t>(*fixture.call.notes.at("pid").get_if<std::int64_t>());
  }
  CHECK(is_gone(pid));
}

TEST_CASE("it is killed although no blocking thread is free to look for its family") {
  NoLeaks no_leaks;
  Loop loop;
  BlockingThreads one(1);
  FakeCall busy(loop.context.get_executor(), one);
  FakeCall call(loop.context.get_executor(), one);
  std::mutex mutex;
  std::condition_variable changed;
  bool open = false;
  Loop::Outcome<void> held;
  loop.spawn(one.run(busy,
                     [&] {
                       std::unique_lock lock(mutex);
                       changed.wait(lock, [&] { return open; });
                     }),
             held);
  Loop::Outcome<CommandResult> outcome;
  loop.spawn(run_process(call, {{"sleep", "300"}, {}}, {.grace = 10ms}), outcome);
  loop.run_until([&] { return call.notes.contains("pid"); });
  call.stop().stop(StopReason::timeout);
  loop.run_until([&] { return outcome.done; });
  CHECK(error_of([&] { outcome.take(); }).message() ==
        "sleep 300 had not ended after 1m and was killed; it wrote nothing");
  {
    const std::lock_guard lock(mutex);
    open = true;
    changed.notify_one();
  }
  loop.run_until([&] { return held.done; });
}

TEST_CASE("what we may not kill is named" * doctest::skip(!is_root())) {
  TempFolder folder;
  std::filesystem::copy_file("/usr/bin/setpriv", folder / "become-root");
  REQUIRE(chmod((folder / "become-root").c_str(), 04755) == 0);
  REQUIRE(chmod(folder.path().c_str(), 0755) == 0);
  std::array<int, 2> ends{};
  REQUIRE(pipe2(ends.data(), O_CLOEXEC) == 0);
  const pid_t child = fork();
  if (child == 0) {
    if (setgid(65534) != 0 || setuid(65534) != 0) _exit(1);
    std::string text;
    {
      Loop loop;
      auto& call = loop.call();
      Command command{
          {folder / "become-root", "--reuid", "0", "--clear-groups", "sh", "-c", "echo ready; exec sleep 300"}, {}};
      const auto ready = on_line(call, [&](const auto&, const auto&) { call.stop().stop(StopReason::timeout); });
      const auto error = error_of([&] { loop.run(run_process(call, command, {.grace = 50ms, .on_line = ready})); });
      text = error.message() + "\n" + describe(*error.detail().field("not_killed"));
    }
    _exit(write(ends[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()) ? 0 : 2);
  }
  close(ends[1]);
  std::string text(4096, '\0');
  const auto size = read(ends[0], text.data(), text.size());
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
  close(ends[0]);
  const auto at = text.find("pid ");
  REQUIRE(at != std::string::npos);
  const pid_t survivor = std::stoi(text.substr(at + 4));
  const std::string name = "pid " + std::to_string(survivor) + " (sleep)";
  CHECK(text == folder.path() +
                    "/become-root --reuid 0 --clear-groups sh -c 'echo ready; exec sleep 300' had not ended after 1m " +
                    "and was killed; could not be killed and may still run: " + name +
                    "; nothing on stderr; stdout: ready\n{\"" + name + "\"}");
  CHECK(kill(survivor, SIGKILL) == 0);
  int status = 0;
  waitpid(child, &status, 0);
  CHECK(status == 0);
}
