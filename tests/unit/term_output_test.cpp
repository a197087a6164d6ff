#include "host/term/output.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <future>
#include <string>

#include "host/base/secret.hpp"
#include "host/base/write_all.hpp"
#include "host/log/log.hpp"
#include "tests/unit/pseudo_terminal.hpp"

namespace {

using opshost::Descriptor;
using opshost::Output;
using opshost::write_all;
using opshost::test::read_until;
using opshost::test::Redirected;

struct Pipe {
  Pipe() {
    std::array<int, 2> ends{};
    REQUIRE(pipe2(ends.data(), O_CLOEXEC) == 0);
    reader = Descriptor(ends[0]);
    writer = Descriptor(ends[1]);
  }
  Descriptor reader;
  Descriptor writer;
};

bool sigpipe_is_pending() {
  sigset_t pending;
  sigpending(&pending);
  return sigismember(&pending, SIGPIPE) == 1;
}

bool sigpipe_is_blocked() {
  sigset_t blocked;
  pthread_sigmask(SIG_BLOCK, nullptr, &blocked);
  return sigismember(&blocked, SIGPIPE) == 1;
}

/// What is logged on stderr meanwhile.
template <class Action>
std::string logged_during(const Action& action) {
  Pipe pipe;
  {
    const Redirected stderr_is_a_pipe(STDERR_FILENO, pipe.writer.get());
    action();
    write_all(STDERR_FILENO, "<end>");
  }
  return read_until(pipe.reader.get(), "<end>");
}

}  // namespace

TEST_CASE("write_all writes more than a pipe holds, blocking or not") {
  for (const bool blocking : {true, false}) {
    CAPTURE(blocking);
    Pipe pipe;
    if (!blocking) REQUIRE(fcntl(pipe.writer.get(), F_SETFL, O_NONBLOCK) == 0);
    const std::string text = std::string(1'000'000, 'x') + "<end>";
    auto reading = std::async(std::launch::async, [&] { return read_until(pipe.reader.get(), "<end>"); });
    CHECK(write_all(pipe.writer.get(), text) == 0);
    CHECK(reading.get() == text);
  }
  CHECK(write_all(-1, "") == 0);
}

TEST_CASE("write_all returns the error, and no SIGPIPE comes of it") {
  Pipe pipe;
  pipe.reader.reset();
  const bool was_blocked = sigpipe_is_blocked();
  CHECK(write_all(pipe.writer.get(), "x") == EPIPE);
  CHECK_FALSE(sigpipe_is_pending());
  CHECK(sigpipe_is_blocked() == was_blocked);
  CHECK(write_all(-1, "x") == EBADF);
  const Descriptor full(open("/dev/full", O_WRONLY | O_CLOEXEC));
  CHECK(write_all(full.get(), "x") == ENOSPC);
}

TEST_CASE("write_all leaves alone a SIGPIPE that was pending before") {
  Pipe pipe;
  pipe.reader.reset();
  sigset_t sigpipe;
  sigemptyset(&sigpipe);
  sigaddset(&sigpipe, SIGPIPE);
  sigset_t before;
  REQUIRE(pthread_sigmask(SIG_BLOCK, &sigpipe, &before) == 0);
  REQUIRE(pthread_kill(pthread_self(), SIGPIPE) == 0);
  CHECK(write_all(pipe.writer.get(), "x") == EPIPE);
  CHECK(sigpipe_is_pending());
  const timespec at_once{};
  CHECK(sigtimedwait(&sigpipe, nullptr, &at_once) == SIGPIPE);
  REQUIRE(pthread_sigmask(SIG_SETMASK, &before, nullptr) == 0);
}

TEST_CASE("output goes out at once, its secrets blanked") {
  Pipe pipe;
  Output output(pipe.writer.get(), "stdout");
  const opshost::Secret secret("output-pw-1", "test");
  output.write(std::string("a\0b pw=output-pw-1\n", 19));
  CHECK(read_until(pipe.reader.get(), "\n") == std::string("a\0b pw=***\n", 11));
  CHECK_FALSE(output.is_dropped());
}

TEST_CASE("a secret in two halves is blanked, however long the second is in coming") {
  Pipe pipe;
  Output output(pipe.writer.get(), "stdout");
  const opshost::Secret secret("two-halves-pw", "test");
  output.offer("Working... two-hal");
  output.release();
  CHECK(read_until(pipe.reader.get(), " ") == "Working... ");
  CHECK(output.holds_back());
  output.offer("ves-pw, done");
  output.release();
  CHECK(read_until(pipe.reader.get(), "done") == "***, done");
  // What only looked like one goes out with what follows it, or at the end.
  output.offer("a two-");
  output.release();
  output.flush();
  CHECK(read_until(pipe.reader.get(), "two-") == "a two-");
}

TEST_CASE("output to a closed pipe is dropped with one warning") {
  Pipe pipe;
  pipe.reader.reset();
  Output output(pipe.writer.get(), "stdout");
  const std::string logged = logged_during([&] {
    output.write("one\n");
    output.write("two\n");
  });
  CHECK(output.is_dropped());
  CHECK(logged.substr(logged.find(' ') + 1) ==
        "warning: stdout was closed; further output is dropped, the run goes on\n<end>");
}

TEST_CASE("output after the reader came back stays dropped") {
  std::array<int, 2> ends{};
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
  const Descriptor ours(ends[0]);
  Descriptor theirs(ends[1]);
  theirs.reset();
  Output output(ours.get(), "stdout");
  logged_during([&] { output.write("one"); });
  Pipe pipe;
  REQUIRE(dup2(pipe.writer.get(), ours.get()) == ours.get());
  const std::string logged = logged_during([&] { output.write("two"); });
  CHECK(logged == "<end>");
  write_all(pipe.writer.get(), "<end>");
  CHECK(read_until(pipe.reader.get(), "<end>") == "<end>");
}

TEST_CASE("output that cannot be written says why") {
  const Descriptor full(open("/dev/full", O_WRONLY | O_CLOEXEC));
  Output output(full.get(), "stdout");
  const std::string logged = logged_during([&] { output.write("one\n"); });
  CHECK(logged.substr(logged.find(' ') + 1) ==
        "warning: stdout cannot be written (No space left on device); further output is dropped, the run goes on\n"
        "<end>");
}

TEST_CASE("output to a terminal that hung up is dropped") {
  opshost::test::PseudoTerminal terminal;
  Output output(terminal.program(), "stdout");
  terminal.hang_up();
  const std::string logged = logged_during([&] { output.write("one\n"); });
  CHECK(logged.find("warning: stdout was closed; further output is dropped, the run goes on\n") == 9);
}
