// A script that never waits is stopped by a deadline and by Ctrl-C, whatever it does; a clean-up is not.
#include <signal.h>

#include <atomic>
#include <thread>

#include "host/lua/interrupt.hpp"
#include "test_runtime.hpp"

using opshost::Clock;
using opshost::Outcome;
using opshost::test::TestRuntime;
using namespace std::chrono_literals;

namespace {

/// Far above the 100 ms it has: a machine may be busy, but a script that is not stopped at all runs for ever.
constexpr auto kBound = 20s;

const std::vector<std::string> kSpins = {
    "while true do end",
    "local function f() return f() end f()",
    "while true do pcall(function() while true do end end) end",
    "while true do pcall(error, 'x') end",
    "while true do xpcall(function() while true do end end, function() while true do end end) end",
    "while true do xpcall(function() error('x') end, function() while true do end end) end",
    "local co = coroutine.wrap(function() while true do end end) while true do co() end",
    "while true do coroutine.resume(coroutine.create(function() while true do end end)) end",
    "local _ = ('x'):rep(300):find('.-.-.-.-.-.-.-.-y')",
    "while true do pcall(string.find, ('x'):rep(300), '.-.-.-.-.-.-.-.-y') end",
    "while true do ('x'):rep(1e8) end",
    "local t = {} for i = 1, 3e5 do t[i] = i % 7 end while true do table.sort(t) end",
    "local t = setmetatable({}, {__index = function(t, k) return k end}) while true do local _ = t[1] end",
    "while true do load('return 1')() end",
    "while true do bench.string('x') end",
    "while true do pcall(bench.string, 5) end",
    "while true do ops.try(function() end, {'closed'}) end",
};

}  // namespace

TEST_CASE("a deadline stops a spinning script") {
  for (const auto& spin : kSpins) {
    CAPTURE(spin);
    TestRuntime test;
    const auto begun = Clock::now();
    CHECK(test.run("local ok, e = pcall(ops.deadline, '10ms', function() " + spin +
                   " end) return ok, e.code, e.message") ==
          R"(false, "deadline.exceeded", "the deadline of 10ms was reached")");
    CHECK(Clock::now() - begun < kBound);
  }
}

TEST_CASE("after a spinning block's deadline the script goes on as before") {
  TestRuntime test;
  CHECK(test.run("pcall(ops.deadline, '10ms', function() while true do end end)\n"
                 "local n = 0 for i = 1, 1e6 do n = n + 1 end ops.sleep('1ms') return n") == "1000000");
}

TEST_CASE("a watchdog's request that comes too late stops nobody") {
  TestRuntime test;
  std::atomic<bool> ended{false};
  // As if it had seen the deadline of a block that has ended by now, again and again.
  std::thread late([&ended] {
    while (!ended) {
      opshost::lua::request_interrupt(opshost::StopReason::deadline);
      std::this_thread::yield();
    }
  });
  CHECK(test.run("local n = 0\n"
                 "for _ = 1, 20 do\n"
                 "  for _ = 1, 1e4 do n = n + 1 end\n"
                 "  ops.sleep('1ms')\n"
                 "  ops.deadline('1h', function() n = n + #('x'):rep(3) end)\n"
                 "end\n"
                 "return n") == "200060");
  ended = true;
  late.join();
}

TEST_CASE("the outer of two deadlines is not caught by the inner") {
  TestRuntime test;
  CHECK(test.run("local passed\n"
                 "local ok, e = pcall(ops.deadline, '10ms', function()\n"
                 "  pcall(ops.deadline, '1h', function() while true do end end)\n"
                 "  passed = true\n"
                 "end)\n"
                 "return ok, e.message, passed") == R"(false, "the deadline of 10ms was reached", nil)");
}

TEST_CASE("Ctrl-C stops a spinning script") {
  for (const auto& spin : kSpins) {
    CAPTURE(spin);
    TestRuntime test;
    const auto begun = Clock::now();
    std::thread person([] {
      std::this_thread::sleep_for(30ms);  // not to synchronise: at whatever point of the spin this meets it
      ::kill(::getpid(), SIGINT);
    });
    const Outcome outcome = test.outcome(spin + " while true do end");
    person.join();
    CHECK_FALSE(outcome.returned);
    CHECK(outcome.error.code() == "interrupted");
    CHECK(outcome.exit_code == 130);
    CHECK(Clock::now() - begun < kBound);
  }
}

TEST_CASE("Ctrl-C stops what waits, and fibers that never look") {
  TestRuntime test;
  std::thread person([] {
    std::this_thread::sleep_for(30ms);  // as above
    ::kill(::getpid(), SIGTERM);
  });
  const Outcome outcome = test.outcome(
      "ops.each({'sleep', 'call', 'spin'}, {on_error = 'collect'}, function(item)\n"
      "  if item == 'sleep' then ops.sleep('1h') end\n"
      "  if item == 'call' then bench.wait('door') end\n"
      "  if item == 'spin' then while true do end end\n"
      "end)");
  person.join();
  CHECK(outcome.error.code() == "interrupted");
  CHECK(outcome.exit_code == 143);
}

TEST_CASE("signals that arm the hook while it is being disarmed leave it in working order") {
  TestRuntime test;
  std::atomic<bool> enough{false};
  const pthread_t script = ::pthread_self();
  std::thread arming([&] {
    while (!enough.load()) ::pthread_kill(script, SIGURG);
  });
  CHECK(test.run("local n = 0 for i = 1, 3e6 do n = n + 1 end return n") == "3000000");
  enough = true;
  arming.join();
  CHECK(test.run("local ok, e = pcall(ops.deadline, '10ms', function()\n"
                 "  local n = 0 while n < 1e9 do n = n + 1 end\n"
                 "end)\n"
                 "return ok, e.code") == R"(false, "deadline.exceeded")");
}

TEST_CASE("a clean-up that computes and waits is not interrupted") {
  TestRuntime test;
  CHECK(test.run("local handle = {close = function()\n"
                 "  local n = 0\n"
                 "  for i = 1, 2e7 do n = n + 1 end\n"
                 "  ops.sleep('5ms')\n"
                 "  bench.say('cleaned ' .. n)\n"
                 "end}\n"
                 "local ok, e = pcall(ops.deadline, '20ms', function()\n"
                 "  ops.with(handle, function() while true do end end)\n"
                 "end)\n"
                 "return ok, e.code") == R"(false, "deadline.exceeded")");
  CHECK(test.log() == "cleaned 20000000");
}
