// What a wrong call is told, word for word.
#include "test_runtime.hpp"

using opshost::test::TestRuntime;

TEST_CASE("the path of a wrong field is named") {
  TestRuntime test;
  const auto wrong = [&](const std::string& options) {
    const auto text = test.run("bench.everything_later(" + options + ")");
    const std::string prefix = "script.lua:1: bench.everything_later: argument 1 \"options";
    REQUIRE(text.substr(0, prefix.size()) == prefix);
    return text.substr(prefix.size());
  };
  CHECK(wrong("{env = {PATH = 5}}") == ".env.PATH\": expected string, got number 5 [usage.argument]");
  CHECK(wrong("{env = {['a b'] = false}}") == ".env[\"a b\"]\": expected string, got boolean false [usage.argument]");
  CHECK(wrong("{env = {['\\27[31m'] = {}}}") == ".env[\"\\x1b[31m\"]\": expected string, got table [usage.argument]");
  CHECK(wrong("{list = {'a', print}}") == ".list[2]\": expected string, got function [usage.argument]");
  CHECK(wrong("{owners = {{name = 'a'}, {name = 'b', age = 'x'}}}") ==
        ".owners[2].age\": expected integer, got string \"x\" [usage.argument]");
  CHECK(wrong("{groups = {db = {1, 2^40}}}") ==
        ".groups.db[2]\": expected integer from -2147483648 to 2147483647, got number 1099511627776 [usage.argument]");
  CHECK(wrong("{owners = 'x'}") == ".owners\": expected Owner[], got string \"x\" [usage.argument]");
  CHECK(wrong("{owners = {'x'}}") == ".owners[1]\": expected table (Owner), got string \"x\" [usage.argument]");
  CHECK(wrong("{string = bench.open('t')}") == ".string\": expected string, got Thing [usage.argument]");
  CHECK(wrong("{boolean = ('x'):rep(100)}") == ".boolean\": expected boolean, got string <100 bytes> [usage.argument]");
  CHECK(wrong("'x'") == "\": expected table (Everything), got string \"x\" [usage.argument]");
}

TEST_CASE("an unknown field names the nearest, or all there are") {
  TestRuntime test;
  CHECK(
      test.run("bench.owner{name = 'a', aeg = 3}") ==
      "script.lua:1: bench.owner: argument 1 \"value\": unknown field \"aeg\"; did you mean \"age\"? [usage.argument]");
  CHECK(test.run("bench.owner{name = 'a', zzzzzz = 3}") ==
        "script.lua:1: bench.owner: argument 1 \"value\": unknown field \"zzzzzz\"; Owner has name, age, mail "
        "[usage.argument]");
  CHECK(test.run("bench.everything{owners = {{name = 'a', Mail = 'b'}}}") ==
        "script.lua:1: bench.everything: argument 1 \"options.owners[1]\": unknown field \"Mail\"; did you mean "
        "\"mail\"? "
        "[usage.argument]");
  CHECK(test.run("bench.owner{name = 'a', [5] = 3}") ==
        "script.lua:1: bench.owner: argument 1 \"value\": expected named fields of Owner, got the key number 5 "
        "[usage.argument]");
  CHECK(test.run("bench.owner{name = 'a', ['age\\0'] = 3}") ==
        "script.lua:1: bench.owner: argument 1 \"value\": unknown field \"age\\x00\"; did you mean \"age\"? "
        "[usage.argument]");
  CHECK(test.run("ops.each({}, {parallel = 1, ['on_error\\0'] = 'stop'}, print)") ==
        "script.lua:1: ops.each: argument 2 \"options\": unknown field \"on_error\\x00\"; did you mean \"on_error\"? "
        "[usage.argument]");
}

TEST_CASE("a required field that is missing is named, with what it is for") {
  TestRuntime test;
  CHECK(test.run("bench.owner{age = 3}") ==
        "script.lua:1: bench.owner: argument 1 \"value\": field \"name\" is missing (full name) [usage.argument]");
  CHECK(test.run("bench.owner()") ==
        "script.lua:1: bench.owner: argument 1 \"value\": field \"name\" is missing (full name) [usage.argument]");
  CHECK(test.run("bench.everything{owners = {{}}}") ==
        "script.lua:1: bench.everything: argument 1 \"options.owners[1]\": field \"name\" is missing (full name) "
        "[usage.argument]");
}

TEST_CASE("too many arguments, and missing ones") {
  TestRuntime test;
  CHECK(test.run("bench.two(1, 'a', 2)") ==
        "script.lua:1: bench.two: takes at most 2 arguments, got 3 [usage.argument]");
  CHECK(test.run("bench.at_once(1)") ==
        "script.lua:1: bench.at_once: takes at most 0 arguments, got 1 [usage.argument]");
  CHECK(test.run("bench.string('a', nil)") ==
        "script.lua:1: bench.string: takes at most 1 argument, got 2 [usage.argument]");
  CHECK(test.run("bench.two()") ==
        "script.lua:1: bench.two: argument 1 \"first\": expected integer, got no value [usage.argument]");
  CHECK(test.run("bench.two(1, 2)") ==
        "script.lua:1: bench.two: argument 2 \"second\": expected string, got number 2 [usage.argument]");
  CHECK(test.run("return bench.two(1)").empty());
}

TEST_CASE("a method wants its handle as self") {
  TestRuntime test;
  CHECK(test.run("local t = bench.open('a') return t:name(), tostring(t)") == R"("a", "<thing a>")");
  CHECK(test.run("bench.open('a').name()") ==
        "script.lua:1: Thing:name: wrong self (call it with a colon, Thing:name): expected Thing, got no value "
        "[usage.argument]");
  CHECK(test.run("bench.open('a').name('a')") ==
        "script.lua:1: Thing:name: wrong self (call it with a colon, Thing:name): expected Thing, got string \"a\" "
        "[usage.argument]");
  CHECK(test.run("bench.open('a').work(ops.shell 'ls')") ==
        "script.lua:1: Thing:work: wrong self (call it with a colon, Thing:work): expected Thing, got ShellLine "
        "[usage.argument]");
  CHECK(test.run("bench.open('a').close(ops.shell 'ls')") ==
        "script.lua:1: Thing:close: wrong self (call it with a colon, Thing:close): expected Thing, got ShellLine "
        "[usage.argument]");
  CHECK(test.run("bench.open('a').close()") ==
        "script.lua:1: Thing:close: wrong self (call it with a colon, Thing:close): expected Thing, got no value "
        "[usage.argument]");
  CHECK(test.run("bench.open('a'):nam()") ==
        "script.lua:1: Thing has no method \"nam\"; did you mean \"name\"? [usage.unknown_method]");
  CHECK(test.run("bench.open('a').color = 'red'") ==
        "script.lua:1: a handle takes no fields of a script; keep the value in a local [usage.read_only]");
  CHECK(test.run("bench.name_of('a')") ==
        "script.lua:1: bench.name_of: argument 1 \"thing\": expected Thing, got string \"a\" [usage.argument]");
}

TEST_CASE("a closed handle says so, and closes once") {
  TestRuntime test;
  CHECK(test.run("local t = bench.open('a') t:close() t:close() return tostring(t)") == R"("<thing a, closed>")");
  CHECK(test.log() == "close a");
  CHECK(test.run("local t = bench.open('a') t:close() t:name()") ==
        "script.lua:1: Thing:name: thing a was closed by this script; open it again to go on [closed]");
  CHECK(test.run("local t = bench.open('a') t:close() t:work()") ==
        "script.lua:1: Thing:work: thing a was closed by this script; open it again to go on [closed]");
  CHECK(test.run("local t = bench.open('a') t:close() bench.name_of(t)") ==
        "script.lua:1: bench.name_of: thing a was closed by this script; open it again to go on [closed]");
}

TEST_CASE("a close that fails is an error with its own words") {
  TestRuntime test;
  CHECK(test.run("bench.open('stuck'):close()") == "script.lua:1: Thing:close: it does not close [bench.stuck]");
  CHECK(test.run("bench.open('rotten'):close()") ==
        "script.lua:1: Thing:close: unexpected: fungus; this is a defect of opshost, please report it "
        "[internal.exception]");
  CHECK(test.run("local t = bench.open('stuck') pcall(t.close, t) t:close() return tostring(t)") ==
        R"("<thing stuck, closed>")");
}

TEST_CASE("a name the module does not have") {
  TestRuntime test;
  CHECK(test.run("bench.strng('a')") ==
        "script.lua:1: bench has no \"strng\"; did you mean \"string\"? [usage.unknown_name]");
  CHECK(test.run("bench.extra = 1") ==
        "script.lua:1: bench is read-only; keep your own functions in a local table [usage.read_only]");
}

TEST_CASE("what a C++ function throws reaches the script as an error object") {
  TestRuntime test;
  CHECK(test.run("bench.fail('typed')") ==
        "script.lua:1: bench.fail: the bench is broken; mend it (on bench-1) [bench.broken]");
  CHECK(
      test.run("local ok, e = pcall(bench.fail, 'typed') return ok, e.code, e.message, e.op, e.target, e.retryable,"
               "e.maybe_applied, e.detail.legs, e.at") ==
      R"(false, "bench.broken", "the bench is broken; mend it", "bench.fail", "bench-1", true, false, 3, "script.lua:1")");
  for (const std::string how : {"now", "later"}) {
    CHECK(test.run("bench.fail('" + how + "')") ==
          "script.lua:1: bench.fail: unexpected: woodworm " + how +
              "; this is a defect of opshost, please report it [internal.exception]");
  }
  CHECK(test.run("bench.fail_at_once('!')") ==
        "script.lua:1: bench.fail_at_once: unexpected: termites !; this is a defect of opshost, please report it "
        "[internal.exception]");
}

TEST_CASE("a change that answers at once is a mistake in its declaration") {
  const auto declare = [](opshost::lua::Module& module) {
    module.change("quick", +[] { return true; }, {}, "Too quick for its record");
  };
  TestRuntime test({}, {{"hasty", "Declared wrongly", declare}});
  CHECK(test.run("require 'hasty'") ==
        "script.lua:1: quick is declared as a change and answers at once; a change waits for its record, so it returns "
        "an "
        "Awaitable [internal.declaration]");
}
