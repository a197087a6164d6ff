#include "host/fiber/launcher.hpp"

#include <doctest/doctest.h>

#include <memory>

#include "host/base/time.hpp"

namespace {

using opshost::Awaitable;
using opshost::fiber::Launcher;
namespace asio = opshost::asio;

Awaitable<void> set_flag(bool& flag) {
  flag = true;
  co_return;
}

/// Counts itself in, waits until the timer is cancelled, and keeps `held` alive meanwhile.
Awaitable<void> wait_for(asio::steady_timer& timer, int& begun, std::shared_ptr<int> held) {
  ++begun;
  boost::system::error_code cancelled;
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
  *held += 1;
}

struct Loop {
  asio::io_context io{1};
  asio::steady_timer never{io, opshost::TimePoint::max()};
  Launcher launcher{io};

  /// All that can be done now: coroutines that wait for work count as outstanding, so run() would never end.
  void run() { io.poll(); }
};

}  // namespace

TEST_CASE("the first work begins in the loop's next turn, what follows at once") {
  Loop loop;
  bool first = false;
  loop.launcher.start(set_flag(first));
  CHECK_FALSE(first);
  loop.run();
  CHECK(first);

  for (int i = 0; i < 3; ++i) {
    bool next = false;
    loop.launcher.start(set_flag(next));
    CHECK(next);
  }
}

TEST_CASE("work that waits does not hold up other work") {
  Loop loop;
  int begun = 0;
  const auto held = std::make_shared<int>(0);
  for (int i = 0; i < 1000; ++i) loop.launcher.start(wait_for(loop.never, begun, held));
  loop.run();
  CHECK(begun == 1000);
  CHECK(*held == 0);

  loop.never.cancel();
  loop.run();
  CHECK(*held == 1000);
  bool next = false;
  loop.launcher.start(set_flag(next));
  CHECK(next);
}

TEST_CASE("work that has ended is freed at once, not when other work comes") {
  Loop loop;
  int begun = 0;
  const auto held = std::make_shared<int>(0);
  loop.launcher.start(wait_for(loop.never, begun, held));
  loop.run();
  loop.never.cancel();
  loop.run();
  CHECK(*held == 1);
  CHECK(held.use_count() == 1);
}

TEST_CASE("a loop that goes down frees work in progress and coroutines without any") {
  const auto held = std::make_shared<int>(0);
  int begun = 0;
  {
    Loop loop;
    bool ended = false;
    loop.launcher.start(set_flag(ended));
    loop.run();
    REQUIRE(ended);
    loop.launcher.start(wait_for(loop.never, begun, held));
    REQUIRE(begun == 1);
    loop.launcher.start(wait_for(loop.never, begun, held));
  }
  CHECK(*held == 0);
  CHECK(held.use_count() == 1);
}
