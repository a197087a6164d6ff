// Calls in progress: how they end, are stopped, are left behind.
#include <set>
#include <thread>

#include "test_runtime.hpp"

using opshost::Clock;
using opshost::Outcome;
using opshost::test::TestRuntime;
using namespace std::chrono_literals;

TEST_CASE("a call that completes at once, after a turn of the loop, and much later") {
  TestRuntime test;
  CHECK(test.run("return bench.at_once(), bench.everything_later{string = 'later'}.string") == R"("at once", "later")");
  CHECK(test.run("local r = ops.group(function(group)\n"
                 "  group:spawn(function() return bench.wait('door') end)\n"
                 "  group:spawn(function() ops.sleep('5ms') bench.open_gate('door') end)\n"
                 "end)\n"
                 "return r[1].value") == R"("door")");
}

TEST_CASE("a call that ends while its callback runs goes on when that returns") {
  TestRuntime test;
  CHECK(test.run("local ok, e = pcall(bench.lines, {'a'}, function() ops.sleep('30ms') bench.say('callback ended') end,"
                 "{timeout = '5ms'})\nbench.say(e.code)")
            .empty());
  CHECK(test.log() == "bench.timeout");
}

TEST_CASE("its own timeout is an ordinary error, with what was last seen") {
  TestRuntime test;
  test.bench.during_wait = [](opshost::Call& call) { call.saw("the door was shut"); };
  CHECK(test.run("local ok, e = pcall(bench.put, '/a', 'wait', {timeout = '200ms'})\n"
                 "return ok, e.code, e.message, e.maybe_applied, e.cause.code") ==
        R"(false, "bench.timeout", "no answer within 200ms; last seen: the door was shut", true, "bench.cut_off")");
}

TEST_CASE("an enclosing deadline names itself, and passes an inner pcall") {
  TestRuntime test;
  CHECK(test.run("local swallowed\n"
                 "local ok, e = pcall(ops.deadline, '5ms', function()\n"
                 "  pcall(bench.wait, 'door')\n"
                 "  swallowed = true\n"
                 "end)\n"
                 "return ok, e.code, swallowed") == R"(false, "deadline.exceeded", nil)");
}

TEST_CASE("a call that ignores its stop is left behind after a while") {
  TestRuntime test;
  test.runtime.vm().context().unwind_within = 20ms;
  CHECK(test.run("local ok, e = pcall(bench.put, '/a', 'hang', {timeout = '200ms'})\n"
                 "return ok, e.code, e.message, e.maybe_applied") ==
        "false, \"bench.timeout\", \"gave no answer and did not stop within 20ms of being told to; it was left "
        "behind\", true");
  // It may still end, also after its fiber is gone, and touches nothing of it.
  CHECK(test.run("bench.open_gate('/a') ops.sleep('5ms')").empty());
  CHECK(test.run("ops.deadline('200ms', function() bench.hang('b') end)") ==
        "script.lua:1: bench.hang: gave no answer and did not stop within 20ms of being told to; it was left behind "
        "[bench.timeout]");
}

TEST_CASE("a call left behind runs no callback any more") {
  TestRuntime test;
  test.runtime.vm().context().unwind_within = 10ms;
  CHECK(test.run("pcall(bench.put, '/a', 'hang', {timeout = '200ms', on_line = function() bench.say('too late') end})")
            .empty());
  CHECK(test.run("bench.open_gate('/a') ops.sleep('5ms')").empty());
  CHECK(test.log() == "put /a");
}

TEST_CASE("a fiber goes on without the thread that still works for it") {
  TestRuntime test;
  // Time in which the thread surely begins: work that has not is not begun any more.
  CHECK(test.run("local ok, e = pcall(ops.deadline, '500ms', bench.on_thread) return ok, e.code") ==
        R"(false, "deadline.exceeded")");
  CHECK(test.bench.threads_ended.load() == 0);
  test.bench.thread_may_end = 1;
  CHECK(test.run("return bench.on_thread()") == R"("from the thread")");
  const auto give_up = opshost::Clock::now() + 30s;
  while (test.bench.threads_ended < 2 && opshost::Clock::now() < give_up) std::this_thread::yield();
  CHECK(test.bench.threads_ended.load() == 2);
}

TEST_CASE("a handle closed while a call uses it") {
  TestRuntime test;
  CHECK(test.run("local t = bench.open('a')\n"
                 "local r = ops.group(function(group)\n"
                 "  group:spawn(function() return t:work() end)\n"
                 "  group:spawn(function() t:close()\n"
                 "    ops.wait_until(function() return bench.open_gate('a') end, {every = '1ms'}) end)\n"
                 "end)\n"
                 "return r[1].value, tostring(t)") == R"("a worked", "<thing a, closed>")");
}

TEST_CASE("a handle collected while a call uses it") {
  TestRuntime test;
  CHECK(test.run(
            "local r = ops.group(function(group)\n"
            "  group:spawn(function() return bench.open('a'):work() end)\n"
            "  group:spawn(function() for i = 1, 5 do ops.sleep('1ms') collectgarbage() end bench.open_gate('a') end)\n"
            "end)\n"
            "return r[1].value") == R"("a worked")");
  CHECK(test.run("ops.sleep('1ms') collectgarbage() collectgarbage()").empty());
  CHECK(test.bench.things == 0);
}

TEST_CASE("a runtime that goes while calls are in progress takes them with it") {
  opshost::test::Bench outer;
  {
    TestRuntime test;
    test.runtime.vm().context().unwind_within = 5ms;
    CHECK(test.run("pcall(bench.put, '/a', 'hang', {timeout = '200ms'})").empty());
    CHECK(test.run("local s = bench.count(3, 'plain') s() bench.open('kept')").empty());
  }
}

TEST_CASE("stopped at once with calls in progress: nothing is left that a destructor would touch") {
  TestRuntime test;
  test.bench.during_wait = [&](opshost::Call&) { test.runtime.scheduler().stop_now(); };
  const Outcome outcome = test.outcome("ops.each({'a', 'b', 'c'}, {}, function(item) bench.wait(item) end)");
  CHECK_FALSE(outcome.returned);
  CHECK(test.runtime.scheduler().fiber_count() == 4);
  test.runtime.scheduler().drop_fibers();
}

TEST_CASE("a sleep or timeout of centuries does not end at once") {
  TestRuntime test;
  CHECK(test.run("local r = ops.group(function(group)\n"
                 "  group:spawn(function() ops.sleep('106751d') return 'woke up' end)\n"
                 "  group:spawn(function() ops.sleep('10ms') error('enough', 0) end)\n"
                 "end, {on_error = 'stop'})")
            .find("fiber 2: enough") != std::string::npos);
  CHECK(test.run("local r = ops.group(function(group)\n"
                 "  group:spawn(function() return bench.put('/a', 'wait', {timeout = '106751d'}).output end)\n"
                 "  group:spawn(function() ops.sleep('10ms') bench.open_gate('/a') end)\n"
                 "end)\n"
                 "return r[1].value") == R"("wait")");
  CHECK(test.run("return ops.deadline('106751d', function() ops.sleep('1ms') return 'in time' end)") == R"("in time")");
}

TEST_CASE("an item that dies of memory fails by name") {
  opshost::lua::VmOptions options;
  options.memory = opshost::Size{16U << 20U};
  TestRuntime test(options);
  const auto text = test.run(
      "ops.each({'small', 'huge'}, {}, function(item)\n"
      "  if item == 'huge' then local t = {} for i = 1, 1e8 do t[i] = {i} end end\n"
      "end)");
  CHECK(text.find("1 item of 2 failed") != std::string::npos);
  CHECK(text.find("huge: the script needs more memory than it may use; raise the limit with --memory") !=
        std::string::npos);
}

TEST_CASE("an interruption ends what only reads, and gives a change its grace") {
  TestRuntime test;
  auto& scheduler = test.runtime.scheduler();
  test.bench.during_wait = [&](opshost::Call& call) {
    opshost::asio::post(call.executor(), [&] { scheduler.interrupt_all(1h); });
  };
  CHECK(test.run("bench.wait('door')") ==
        "script.lua:1: interrupted while waiting for bench.wait(\"door\"); last seen: the wait for door was cut off "
        "[interrupted]");
  test.bench.during_wait = [&](opshost::Call& call) {
    opshost::asio::post(call.executor(), [&] { scheduler.interrupt_all(10ms); });
  };
  CHECK(
      test.run("bench.put('/a', 'wait')") ==
      "script.lua:1: interrupted while waiting for bench.put(\"/a\", \"wait\"); last seen: the connection went; it may "
      "have been applied [interrupted]");
}

TEST_CASE("a change that answers within the grace has its answer; the next wait is refused") {
  TestRuntime test;
  auto& scheduler = test.runtime.scheduler();
  test.bench.during_wait = [&](opshost::Call& call) {
    opshost::asio::post(call.executor(), [&] {
      scheduler.interrupt_all(1h);
      test.bench.gates["/b"]->cancel();
    });
  };
  CHECK(test.run("bench.say(bench.put('/b', 'wait').output) bench.look('/never')") ==
        "script.lua:1: interrupted while waiting for bench.look [interrupted]");
  CHECK(test.log() == "put /b; put /b done; wait");
}

// "short" and "b" go on in one turn: the fan-out around "change" is woken, since enough of it has ended, and then
// stopped.
TEST_CASE("a fan-out stopped in the turn in which it was to go on waits for its changes") {
  TestRuntime test;
  CHECK(test.run("local changed, when_over\n"
                 "ops.group(function(outer)\n"
                 "  outer:spawn(function()\n"
                 "    pcall(ops.each, {'a', 'b'}, {}, function(name)\n"
                 "      if name == 'b' then ops.sleep('1ms') bench.wait('go') error('b failed') end\n"
                 "      ops.each({'short', 'change', 'third'}, {parallel = 2}, function(item)\n"
                 "        if item == 'short' then ops.sleep(0) bench.wait('go') end\n"
                 "        if item == 'change' then bench.put('/change', 'wait') changed = true end\n"
                 "      end)\n"
                 "    end)\n"
                 "    when_over = changed\n"
                 "  end)\n"
                 "  outer:spawn(function()\n"
                 "    ops.sleep('10ms') bench.open_gate('go') ops.sleep('10ms') bench.open_gate('/change')\n"
                 "  end)\n"
                 "end)\n"
                 "return when_over") == "true");
}

// Fifty hosts in the middle of their key exchange are such a burst.
TEST_CASE("a burst of events keeps no ready fiber from its turn until all of it is done") {
  constexpr int kEvents = 40;
  TestRuntime test;
  auto& scheduler = test.runtime.scheduler();
  std::set<std::uint64_t> turns;
  for (int i = 0; i < kEvents; ++i) {
    opshost::asio::post(scheduler.io(), [&] {
      turns.insert(scheduler.heartbeat().resumes);
      const auto enough = Clock::now() + 2ms;
      while (Clock::now() < enough) {
      }
    });
  }
  CHECK(test.run("for _ = 1, 200 do ops.sleep('100us') end") == "");
  CHECK(turns.size() >= kEvents / 2);
}
