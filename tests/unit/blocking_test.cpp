#include "host/fiber/blocking.hpp"

#include <doctest/doctest.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

#include "tests/unit/fake_call.hpp"

using namespace opshost;
using namespace std::chrono_literals;
using test::Loop;

namespace {

/// A door a blocking thread waits at until the test opens it.
class Gate {
 public:
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void pass() {
    std::unique_lock lock(mutex_);
    ++waiting_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return open_; });
    ++passed_;
    changed_.notify_all();
  }
  void wait_for_arrivals(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waiting_ >= count; });
  }
  void wait_until_passed(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return passed_ >= count; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
  int waiting_ = 0;
  int passed_ = 0;
};

}  // namespace

TEST_CASE("work runs on another thread and its value comes back to the loop's") {
  Loop loop;
  auto& call = loop.call();
  const auto here = std::this_thread::get_id();
  auto body = [&]() -> Awaitable<std::pair<std::thread::id, std::thread::id>> {
    const auto there = co_await call.blocking().run(call, [] { return std::this_thread::get_id(); });
    co_return std::pair(there, std::this_thread::get_id());
  };
  const auto [there, back] = loop.run(body());
  CHECK(there != here);
  CHECK(back == here);
}

TEST_CASE("values that can only be moved, and no value at all") {
  Loop loop;
  auto& call = loop.call();
  auto owned = loop.run(loop.threads.run(call, [] { return std::make_unique<int>(7); }));
  CHECK(*owned == 7);
  bool ran = false;
  loop.run(loop.threads.run(call, [&ran] { ran = true; }));
  CHECK(ran);
}

TEST_CASE("an exception crosses over whole") {
  Loop loop;
  auto& call = loop.call();
  try {
    loop.run(
        loop.threads.run(call, []() -> int { throw Error("local.not_found", "no such thing").on("x").retryable(); }));
    FAIL("nothing was thrown");
  } catch (const Error& error) {
    CHECK(error.code() == "local.not_found");
    CHECK(error.target() == "x");
    CHECK(error.is_retryable());
  }
  CHECK_THROWS_WITH_AS(loop.run(loop.threads.run(call, [] { throw std::runtime_error("plain"); })), "plain",
                       std::runtime_error);
}

TEST_CASE("threads are made on demand up to the limit, further work queues") {
  Loop loop;
  BlockingThreads threads(3);
  auto& call = loop.call();
  Gate gate;
  std::atomic<int> at_once{0};
  std::atomic<int> most{0};
  std::vector<Loop::Outcome<void>> outcomes(10);
  for (auto& outcome : outcomes) {
    loop.spawn(threads.run(call,
                           [&] {
                             const int now = ++at_once;
                             for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
                             }
                             gate.pass();
                             --at_once;
                           }),
               outcome);
  }
  loop.context.poll();
  gate.wait_for_arrivals(3);
  CHECK(threads.thread_count() == 3);
  gate.open();
  for (auto& outcome : outcomes) loop.run_until([&] { return outcome.done; });
  CHECK(most == 3);
  CHECK(threads.thread_count() == 3);
}

TEST_CASE("an idle thread is used again") {
  Loop loop;
  auto& call = loop.call();
  auto body = [&]() -> Awaitable<void> {
    for (int i = 0; i < 200; ++i) co_await call.blocking().run(call, [] {});
    // A thread may be preempted between its answer and going idle; then one more is made. That is rare, and all of
    // them at once is rarer still: many calls share few threads.
    CHECK(loop.threads.thread_count() <= 20);
  };
  loop.run(body());
}

TEST_CASE("an idle thread ends after a while") {
  Loop loop;
  BlockingThreads threads(4, 20ms);
  auto& call = loop.call();
  loop.run(threads.run(call, [] {}));
  const auto give_up = Clock::now() + 30s;
  while (threads.thread_count() > 0 && Clock::now() < give_up) std::this_thread::yield();
  CHECK(threads.thread_count() == 0);
  CHECK(loop.run(threads.run(call, [] { return 5; })) == 5);
}

TEST_CASE("file work is done by one thread, in order of arrival, beside the other work") {
  Loop loop;
  BlockingThreads threads(1);
  auto& call = loop.call();
  Gate gate;
  Loop::Outcome<void> stuck;
  loop.spawn(threads.run(call, [&] { gate.pass(); }), stuck);
  loop.context.poll();
  gate.wait_for_arrivals(1);

  std::vector<int> order;
  std::vector<std::thread::id> ids;
  std::vector<Loop::Outcome<void>> outcomes(50);
  for (int i = 0; i < 50; ++i) {
    loop.spawn(threads.run_file_work(call,
                                     [&, i] {
                                       order.push_back(i);
                                       ids.push_back(std::this_thread::get_id());
                                     }),
               outcomes[static_cast<std::size_t>(i)]);
  }
  for (auto& outcome : outcomes) loop.run_until([&] { return outcome.done; });
  CHECK_FALSE(stuck.done);
  CHECK(order.size() == 50);
  CHECK(std::ranges::is_sorted(order));
  CHECK(std::ranges::count(ids, ids.front()) == 50);
  gate.open();
  loop.run_until([&] { return stuck.done; });
}

TEST_CASE("a file thread that its call gave up is replaced, and there is one again once it comes back") {
  Loop loop;
  BlockingThreads threads(1);
  auto& first = loop.call();
  auto& second = loop.call();
  Gate dead_mount;
  Loop::Outcome<void> stuck;
  Loop::Outcome<int> queued;
  loop.spawn(threads.run_file_work(first, [&] { dead_mount.pass(); }), stuck);
  loop.spawn(threads.run_file_work(second, [] { return 2; }), queued);
  loop.context.poll();
  dead_mount.wait_for_arrivals(1);
  CHECK_FALSE(queued.done);
  first.stop().stop(StopReason::timeout);
  loop.run_until([&] { return stuck.done && queued.done; });
  CHECK_THROWS_AS(stuck.take(), Error);
  CHECK(queued.take() == 2);
  CHECK(threads.thread_count() == 2);

  dead_mount.open();
  const auto give_up = Clock::now() + 30s;
  while (threads.thread_count() > 1 && Clock::now() < give_up) std::this_thread::yield();
  CHECK(threads.thread_count() == 1);
  auto& third = loop.call();
  CHECK(loop.run(threads.run_file_work(third, [] { return 3; })) == 3);
}

TEST_CASE("stuck file threads are replaced eight times, then file work waits") {
  constexpr int kMostStuck = 9;
  Loop loop;
  BlockingThreads threads(1);
  Gate dead_mount;
  for (int i = 1; i <= kMostStuck; ++i) {
    auto& call = loop.call();
    Loop::Outcome<void> stuck;
    loop.spawn(threads.run_file_work(call, [&] { dead_mount.pass(); }), stuck);
    loop.context.restart();
    loop.context.poll();
    dead_mount.wait_for_arrivals(i);
    call.stop().stop(StopReason::timeout);
    loop.run_until([&] { return stuck.done; });
    CHECK_THROWS_AS(stuck.take(), Error);
  }
  CHECK(threads.thread_count() == kMostStuck);

  auto& late = loop.call();
  Loop::Outcome<int> waiting;
  loop.spawn(threads.run_file_work(late, [] { return 1; }), waiting);
  loop.context.restart();
  loop.context.poll();
  CHECK(threads.thread_count() == kMostStuck);
  CHECK_FALSE(waiting.done);
  dead_mount.open();
  loop.run_until([&] { return waiting.done; });
  CHECK(waiting.take() == 1);
  dead_mount.wait_until_passed(kMostStuck);
}

TEST_CASE("a stopped call throws at once and leaves its thread to finish") {
  Loop loop;
  auto& call = loop.call();
  Gate gate;
  Loop::Outcome<void> outcome;
  loop.spawn(loop.threads.run(call, [&] { gate.pass(); }), outcome);
  loop.context.poll();
  gate.wait_for_arrivals(1);
  call.stop().stop(StopReason::cancelled);
  loop.run_until([&] { return outcome.done; });
  try {
    outcome.take();
    FAIL("nothing was thrown");
  } catch (const Error& error) {
    CHECK(error.code() == "cancelled");
    CHECK(error.message() == "stopped while a thread was at work for it, which may still finish");
    CHECK(error.is_maybe_applied());
  }
  gate.open();
  gate.wait_until_passed(1);
  auto& next = loop.call();
  CHECK(loop.run(loop.threads.run(next, [] { return 1; })) == 1);
}

TEST_CASE("a call stopped while its work is queued never begins it") {
  Loop loop;
  BlockingThreads threads(1);
  auto& first = loop.call();
  auto& second = loop.call();
  Gate gate;
  std::atomic<bool> began{false};
  Loop::Outcome<void> held;
  Loop::Outcome<void> queued;
  loop.spawn(threads.run(first, [&] { gate.pass(); }), held);
  loop.spawn(threads.run(second, [&] { began = true; }), queued);
  loop.context.poll();
  gate.wait_for_arrivals(1);
  second.stop().stop(StopReason::timeout);
  loop.run_until([&] { return queued.done; });
  try {
    queued.take();
    FAIL("nothing was thrown");
  } catch (const Error& error) {
    CHECK(error.message() == "stopped before a thread began the work");
    CHECK_FALSE(error.is_maybe_applied());
  }
  gate.open();
  loop.run_until([&] { return held.done; });
  auto& third = loop.call();
  loop.run(threads.run(third, [] {}));  // behind the withdrawn work in the queue
  CHECK_FALSE(began);
}

TEST_CASE("a call that was stopped before does no work") {
  Loop loop;
  BlockingThreads threads(1);
  auto& first = loop.call();
  auto& call = loop.call();
  call.stop().stop(StopReason::deadline);
  Gate gate;
  Loop::Outcome<void> held;
  loop.spawn(threads.run(first, [&] { gate.pass(); }), held);
  CHECK_THROWS_AS(loop.run(threads.run(call, [] {})), Error);
  gate.open();
  loop.run_until([&] { return held.done; });
}

TEST_CASE("the answer wins over a stop that came right behind it") {
  Loop loop;
  BlockingThreads threads(1);
  auto& call = loop.call();
  auto& other = loop.call();
  Gate gate;
  Loop::Outcome<int> outcome;
  Loop::Outcome<void> next;
  loop.spawn(threads.run(call, [] { return 3; }), outcome);
  loop.spawn(threads.run(other, [&] { gate.pass(); }), next);
  asio::post(loop.context, [&] {
    gate.wait_for_arrivals(1);  // the one thread is at the next work, so the first answer is in the loop's queue
    asio::post(loop.context, [&] { call.stop().stop(StopReason::cancelled); });
  });
  loop.run_until([&] { return outcome.done; });
  CHECK(outcome.take() == 3);
  gate.open();
  loop.run_until([&] { return next.done; });
}

TEST_CASE("work that ends after its io_context is gone does not touch it") {
  Gate gate;
  BlockingThreads threads(2);
  {
    auto context = std::make_unique<asio::io_context>(1);
    test::FakeCall call(context->get_executor(), threads);
    asio::co_spawn(*context, threads.run(call, [&] { gate.pass(); }), [](std::exception_ptr) {});
    context->poll();
    gate.wait_for_arrivals(1);
    context.reset();
  }
  gate.open();
  gate.wait_until_passed(1);
}

TEST_CASE("io_contexts that go down while their threads are finishing") {
  BlockingThreads threads(8);
  for (int round = 0; round < 200; ++round) {
    auto context = std::make_unique<asio::io_context>(1);
    test::FakeCall call(context->get_executor(), threads);
    for (int i = 0; i < 8; ++i) {
      asio::co_spawn(*context, threads.run(call, [round] { return round; }), [](std::exception_ptr, int) {});
    }
    context->poll_one();
    if (round % 2 == 0) context->poll();
    context.reset();
  }
}

TEST_CASE("the destructor leaves a stuck thread behind and drops what was queued") {
  auto gate = std::make_shared<Gate>();
  std::atomic<bool> began{false};
  auto context = std::make_unique<asio::io_context>(1);
  auto threads = std::make_unique<BlockingThreads>(1);
  test::FakeCall call(context->get_executor(), *threads);
  asio::co_spawn(*context, threads->run(call, [gate] { gate->pass(); }), [](std::exception_ptr) {});
  asio::co_spawn(*context, threads->run(call, [&] { began = true; }), [](std::exception_ptr) {});
  context->poll();
  gate->wait_for_arrivals(1);
  const auto before = Clock::now();
  threads.reset();
  CHECK(Clock::now() - before < 5s);
  gate->open();
  gate->wait_until_passed(1);
  context->poll();
  CHECK_FALSE(began);
  context.reset();
}

TEST_CASE("signals are blocked in blocking threads") {
  Loop loop;
  auto& call = loop.call();
  const auto blocked = loop.run(loop.threads.run(call, [] {
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    return sigismember(&mask, SIGINT) == 1 && sigismember(&mask, SIGTERM) == 1 && sigismember(&mask, SIGUSR1) == 1;
  }));
  CHECK(blocked);
}

TEST_CASE("many calls in flight on few threads") {
  Loop loop;
  BlockingThreads threads(4);
  auto& call = loop.call();
  std::vector<Loop::Outcome<int>> outcomes(5000);
  for (int i = 0; i < 5000; ++i)
    loop.spawn(threads.run(call, [i] { return i; }), outcomes[static_cast<std::size_t>(i)]);
  for (auto& outcome : outcomes) loop.run_until([&] { return outcome.done; });
  for (int i = 0; i < 5000; ++i) CHECK(outcomes[static_cast<std::size_t>(i)].take() == i);
}
