// Streams: `for item in stream do`, each step a waiting call.
#include "test_runtime.hpp"

using opshost::test::TestRuntime;
using namespace std::chrono_literals;

TEST_CASE("a stream is iterated, and has ended for good") {
  TestRuntime test;
  CHECK(test.run("local seen = {} for n in bench.count(3, 'plain') do seen[#seen + 1] = n end return seen") ==
        "{1, 2, 3}");
  CHECK(test.run("local seen = {} for w in bench.words{'a', 'b\\0'} do seen[#seen + 1] = w end return seen") ==
        R"({"a", "b\x00"})");
  CHECK(test.run("local s = bench.count(1, 'plain') return s(), s(), s(), s()") == "1, nil, nil, nil");
  CHECK(test.run("local n = 0 for _ in bench.words{} do n = n + 1 end return n") == "0");
}

TEST_CASE("a stream is closed at its end, and when it is collected") {
  TestRuntime test;
  CHECK(test.run("local s = bench.count(1, 'plain') s() local open = s() bench.say('ended') return open").empty() ==
        false);
  CHECK(test.bench.streams == 0);
  CHECK(test.run("local s = bench.count(5, 'plain') s()").empty());
  CHECK(test.run("collectgarbage() collectgarbage()").empty());
  CHECK(test.bench.streams == 0);
  CHECK(test.run("local s = bench.count(5, 'plain') s() collectgarbage() collectgarbage() return s()") == "2");
}

TEST_CASE("a hundred thousand items need no memory of their own") {
  TestRuntime test;
  const auto& allocator = test.runtime.vm().allocator();
  CHECK(test.run("for _ in bench.count(1000, 'plain') do end collectgarbage() collectgarbage()").empty());
  const auto before = allocator.used();
  CHECK(test.run("local sum = 0 for n in bench.count(100000, 'plain') do sum = sum + n end "
                 "collectgarbage() collectgarbage() return sum") == "5000050000");
  CHECK(allocator.used() < before + (64U << 10U));
  CHECK(allocator.peak() < before + (8U << 20U));
}

TEST_CASE("a deadline ends a step, names the stream, and the stream with it") {
  TestRuntime test;
  CHECK(
      test.run("local s = bench.count(3, 'wait') s()\n"
               "ops.deadline('200ms', function() s() end)") ==
      "script.lua:2: the deadline of 200ms was reached while waiting for the next item of bench.count; last seen: cut "
      "off "
      "[deadline.exceeded]");
  CHECK(test.run("local s = bench.count(3, 'wait') s()\n"
                 "pcall(ops.deadline, '10ms', function() s() end)\n"
                 "s()") ==
        "script.lua:3: bench.count: the stream ended with an error before (cut off); ask bench.count for a new one "
        "[stream.failed]");
  CHECK(test.bench.streams == 0);
}

TEST_CASE("a sibling's error cancels a step") {
  TestRuntime test;
  CHECK(test.run("local s = bench.count(3, 'wait') s()\n"
                 "local ok, e = pcall(ops.group, function(group)\n"
                 "  group:spawn(function() s() bench.say('never') end)\n"
                 "  group:spawn(function() ops.sleep('5ms') error('no luck', 0) end)\n"
                 "end)\n"
                 "return e.message") == R"("1 item of 2 failed, 1 not begun or stopped:\n  fiber 2: no luck")");
  CHECK(test.log().empty());
}

TEST_CASE("an error in a step is raised as it is; reading on says that it was the end") {
  TestRuntime test;
  CHECK(test.run("for _ in bench.count(3, 'fail') do end") ==
        "script.lua:1: bench.count: the bench is broken; mend it [bench.broken]");
  CHECK(test.run("local s = bench.count(3, 'fail') s() pcall(s) return select(2, pcall(s)).code") ==
        R"("stream.failed")");
}

TEST_CASE("two fibers do not read one stream at once") {
  TestRuntime test;
  CHECK(test.run("local s = bench.count(3, 'wait') s()\n"
                 "local r = ops.group(function(group)\n"
                 "  group:spawn(function() return s() end)\n"
                 "  group:spawn(function() local _, e = pcall(s)\n"
                 "    ops.wait_until(function() return bench.open_gate('stream') end, {every = '1ms'}) return "
                 "tostring(e) end)\n"
                 "end)\n"
                 "return r[1].value, r[2].value, s()") ==
        "2, \"script.lua:4: bench.count: another fiber waits for the next item of this stream; let one fiber read it, "
        "or ask "
        "bench.count for one each [stream.busy]\", 3");
}

TEST_CASE("a step may not wait where Lua cannot be suspended") {
  TestRuntime test;
  CHECK(test.run("local s = bench.count(3, 'plain') table.sort({2, 1}, function() s() return true end)")
            .find("[script.cannot_wait]") != std::string::npos);
}

TEST_CASE("in a plan a stream is read; that of a change is unknown") {
  TestRuntime test;
  CHECK(test.plan("for n in bench.count(2, 'plain') do bench.say(tostring(n)) end").empty());
  CHECK(test.log() == "1; 2");
}

TEST_CASE("a stream is described as what it gives") {
  CHECK(opshost::type_of<opshost::Stream<std::string>>().name == "stream<string>");
  CHECK(opshost::type_of<opshost::Stream<std::int64_t>>().kind == opshost::Kind::stream);
}
