// Lua functions handed to a call: run in the caller's fiber, one after the other, while the call waits.
#include "host/fiber/scheduler.hpp"
#include "test_runtime.hpp"

using opshost::test::TestRuntime;
using namespace std::chrono_literals;

TEST_CASE("a callback sees everything in order, and the call waits for it") {
  TestRuntime test;
  CHECK(test.run("local seen = {}\n"
                 "local n = bench.lines({'a', 'b\\0', 'c'}, function(text) seen[#seen + 1] = text end)\n"
                 "return n, seen") == R"(3, {"a", "b\x00", "c"})");
  CHECK(test.run("local seen = {}\n"
                 "bench.lines({'a', 'b'}, function(text) bench.say('begin ' .. text) ops.sleep('2ms') bench.say('end ' "
                 ".. text) end)\n"
                 "bench.say('returned')")
            .empty());
  CHECK(test.log() == "begin a; end a; begin b; end b; returned");
}

TEST_CASE("a callback of a change, and what it returns does not matter") {
  TestRuntime test;
  CHECK(test.run("bench.put('/a', 'x', {on_line = function(line) bench.say(line) return false, 'x' end})").empty());
  CHECK(test.log() == "put /a; first; second; put /a done");
}

TEST_CASE("its error stops the call and is raised as it was") {
  TestRuntime test;
  CHECK(test.run("local given = {}\n"
                 "local ok, e = pcall(bench.lines, {'a', 'b'}, function(text) error(given, 0) end)\n"
                 "return ok, e == given") == "false, true");
  CHECK(test.run("bench.lines({'a', 'b'}, function(text)\n  error('bad line ' .. text)\nend)") ==
        "script.lua:2: bad line a");
  CHECK(test.run("bench.lines({'a', 'b'}, function(text) ops.sleep('1ms') bench.fail('typed') end)") ==
        "script.lua:1: bench.fail: the bench is broken; mend it (on bench-1) [bench.broken]");
  CHECK(test.run("local ok, e = pcall(bench.lines, {'a'}, function() error() end) return ok, e") == "false, nil");
}

TEST_CASE("a callback may make calls with callbacks, in a coroutine too") {
  TestRuntime test;
  CHECK(test.run("local seen = {}\n"
                 "bench.lines({'a', 'b'}, function(outer)\n"
                 "  bench.lines({'1', '2'}, function(inner) ops.sleep('1ms') seen[#seen + 1] = outer .. inner end)\n"
                 "end)\n"
                 "return seen") == R"({"a1", "a2", "b1", "b2"})");
  CHECK(test.run("local seen = {}\n"
                 "local co = coroutine.wrap(function()\n"
                 "  bench.lines({'a', 'b'}, function(text) ops.sleep('1ms') seen[#seen + 1] = text end)\n"
                 "  coroutine.yield('half')\n"
                 "  return 'whole'\n"
                 "end)\n"
                 "return co(), co(), seen") == R"("half", "whole", {"a", "b"})");
}

TEST_CASE("a deadline while a callback waits ends both") {
  TestRuntime test;
  CHECK(test.run("ops.deadline('200ms', function()\n"
                 "  bench.lines({'a', 'b'}, function(text) bench.say(text) ops.sleep('1h') end)\n"
                 "end)") ==
        "script.lua:2: the deadline of 200ms was reached while waiting for ops.sleep [deadline.exceeded]");
  CHECK(test.log() == "a");
}

TEST_CASE("the call's own timeout counts while its callback runs, and ends the callback's waits") {
  TestRuntime test;
  CHECK(test.run("local ok, e = pcall(bench.lines, {'a', 'b'}, function(text) bench.say(text) ops.sleep('1h') end,"
                 "{timeout = '200ms'})\n"
                 "return ok, e.code, e.message") == R"(false, "bench.timeout", "no answer within 200ms")");
  CHECK(test.log() == "a");
}

TEST_CASE("a sibling's error cancels a call whose callback waits") {
  TestRuntime test;
  CHECK(
      test.run(
          "local ok, e = pcall(ops.group, function(group)\n"
          "  group:spawn(function() bench.lines({'a', 'b'}, function(text) bench.say(text) ops.sleep('1h') end) end)\n"
          "  group:spawn(function() ops.sleep('5ms') error('no luck', 0) end)\n"
          "end)\n"
          "return e.message") == R"("1 item of 2 failed, 1 not begun or stopped:\n  fiber 2: no luck")");
  CHECK(test.log() == "a");
}

TEST_CASE("a sibling's error ends the wait of a change's callback, not the change") {
  TestRuntime test;
  CHECK(test.run("pcall(ops.group, function(group)\n"
                 "  group:spawn(function()\n"
                 "    bench.put('/a', 'x', {on_line = function(line) bench.say(line) ops.sleep('1h') end})\n"
                 "    bench.say('answered')\n"
                 "  end)\n"
                 "  group:spawn(function() ops.sleep('5ms') error('no luck', 0) end)\n"
                 "end)")
            .empty());
  CHECK(test.log() == "put /a; first; second; put /a done; answered");
}

TEST_CASE("Ctrl-C lets a change answer whose callback waits, for as long as any change") {
  TestRuntime test;
  auto& scheduler = test.runtime.scheduler();
  const auto interrupt_within = [&](opshost::Duration grace) {
    test.bench.log.clear();
    test.bench.during_wait = [&scheduler, grace](opshost::Call& call) {
      opshost::asio::post(call.executor(), [&scheduler, grace] { scheduler.interrupt_all(grace); });
    };
  };
  interrupt_within(20s);
  CHECK(test.run("bench.put('/a', 'x', {on_line = function(line) bench.say(line) bench.wait('w') end})\n"
                 "bench.say('answered')")
            .empty());
  CHECK(test.log() == "put /a; first; second; put /a done; answered");

  interrupt_within(10ms);
  CHECK(test.run("bench.put('/a', 'x', {on_line = function(line) bench.put('/b', 'wait') end})") ==
        "script.lua:1: interrupted while waiting for bench.put(\"/a\", \"x\", {on_line = <function>}); last seen: "
        "stopped by the error of its callback, or while it ran; it may have been applied [interrupted]");
  CHECK(test.log() == "put /a; put /b");
}

TEST_CASE("two sides of one call take turns, and an error stops both") {
  TestRuntime test;
  CHECK(test.run("local inside, seen = 0, {}\n"
                 "bench.both(function(text)\n"
                 "  inside = inside + 1 assert(inside == 1)\n"
                 "  ops.sleep('1ms') seen[#seen + 1] = text\n"
                 "  inside = inside - 1\n"
                 "end)\n"
                 "table.sort(seen) return seen") == R"({"a1", "a2", "b1", "b2"})");
  CHECK(test.run("bench.both(function(text) bench.say(text) ops.sleep('1ms') error('enough', 0) end)") == "enough");
  CHECK(test.log() == "a1");
}

TEST_CASE("the function is let go with its call") {
  TestRuntime test;
  CHECK(test.run("local weak = setmetatable({}, {__mode = 'k'})\n"
                 "do local f = function() end weak[f] = true bench.lines({'a'}, f) end\n"
                 "for i = 1, 3 do ops.sleep('1ms') collectgarbage() end\n"
                 "return next(weak) == nil") == "true");
}

TEST_CASE("no function, or something else") {
  TestRuntime test;
  CHECK(test.run("bench.lines({'a'}, 'f')") ==
        "script.lua:1: bench.lines: argument 2 \"on_line\": expected function, got string \"f\" [usage.argument]");
  CHECK(test.run("bench.put('/a', 'x', {on_line = 5})") ==
        "script.lua:1: bench.put: argument 3 \"options.on_line\": expected function, got number 5 [usage.argument]");
}
