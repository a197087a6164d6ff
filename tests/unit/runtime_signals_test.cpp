// The signals a runtime takes over, and gives back.
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "test_runtime.hpp"

using opshost::test::TestRuntime;

namespace {

bool is_blocked(int number) {
  sigset_t blocked;
  pthread_sigmask(SIG_BLOCK, nullptr, &blocked);
  return sigismember(&blocked, number) == 1;
}

bool is_pending(int number) {
  sigset_t pending;
  sigpending(&pending);
  return sigismember(&pending, number) == 1;
}

}  // namespace

TEST_CASE("the signals belong to the runtime as long as it lives") {
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    CAPTURE(number);
    const bool before = is_blocked(number);
    {
      const TestRuntime test;
      CHECK(is_blocked(number));
    }
    CHECK(is_blocked(number) == before);
  }
}

TEST_CASE("a mask that was there before stays") {
  sigset_t hang_up;
  sigset_t before;
  sigemptyset(&hang_up);
  sigaddset(&hang_up, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &hang_up, &before);
  {
    const TestRuntime test;
  }
  CHECK(is_blocked(SIGHUP));
  CHECK_FALSE(is_blocked(SIGINT));
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

TEST_CASE("what else a person presses while an interrupted run ends is not left to end the process") {
  {
    TestRuntime test;
    ::kill(::getpid(), SIGINT);
    CHECK(test.outcome("ops.sleep('1h')").exit_code == 130);
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) ::kill(::getpid(), number);
  }
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) CHECK_FALSE(is_pending(number));
}
