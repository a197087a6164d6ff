// Lua values to C++ and back, at the edges of every type.
#include <limits>

#include "test_runtime.hpp"

using opshost::test::TestRuntime;

TEST_CASE("integers keep every digit, both ways") {
  TestRuntime test;
  CHECK(test.run("return bench.int64(0), bench.int64(-1), bench.int64(9007199254740991)") == "0, -1, 9007199254740991");
  CHECK(test.run("return tostring(bench.int64(9007199254740991)), type(bench.int64(9007199254740991))") ==
        R"("9.007199254741e+15", "number")");
  // 2^53 may have been 2^53 + 1 before Lua read it: from there on they are ops.int64.
  CHECK(test.run("return type(bench.int64(ops.int64('9007199254740992')))") == R"("cdata")");
  for (const std::string digits :
       {"9007199254740992", "9007199254740993", "-9007199254740993", "9223372036854775807", "-9223372036854775808"}) {
    CAPTURE(digits);
    CHECK(test.run("return bench.int64(ops.int64('" + digits + "'))") == digits);
    CHECK(test.run("return tostring(bench.int64(ops.int64('" + digits + "')))") == "\"" + digits + "\"");
  }
  CHECK(test.run("return bench.uint64(ops.int64('9223372036854775808'))") == "9223372036854775808");
  CHECK(test.run("return bench.uint64(ops.int64('18446744073709551615'))") == "18446744073709551615");
  CHECK(test.run("return bench.int8(-128), bench.int8(127), bench.uint8(255), bench.int32(-2147483648)") ==
        "-128, 127, 255, -2147483648");
  CHECK(test.run("return bench.int64(9223372036854775807LL), bench.uint64(18446744073709551615ULL)") ==
        "9223372036854775807, 18446744073709551615");
}

TEST_CASE("ops.int64 compares by value and refuses arithmetic") {
  TestRuntime test;
  CHECK(test.run("local a, b = ops.int64('9007199254740993'), ops.int64('9007199254740992')"
                 "return a == b, a > b, b < a, a == ops.int64('9007199254740993'), a > 5, ops.int64('-1') < 0,"
                 "ops.int64('18446744073709551615') > ops.int64('-1'), ops.int64('5') == 5, a ~= nil, 'n=' .. a") ==
        R"(false, true, true, true, true, true, true, true, true, "n=9007199254740993")");
  CHECK(test.run("local _ = ops.int64('5') + 1") ==
        "script.lua:1: an ops.int64 is not for arithmetic, which would lose digits: compare it, or print it");
  CHECK(test.run("local _ = ops.int64('5') < 'x'") == "script.lua:1: attempt to compare an ops.int64 with string");
  CHECK(test.run("return ops.int64('18446744073709551616'), ops.int64('-9223372036854775809'), ops.int64('1.5'),"
                 "ops.int64(''), ops.int64('-')") == "nil, nil, nil, nil, nil");
}

TEST_CASE("integers that do not fit are refused") {
  TestRuntime test;
  const auto refused = [&](const std::string& call) {
    const auto text = test.run("bench." + call);
    const std::string prefix =
        "script.lua:1: bench." + call.substr(0, call.find('(')) + ": argument 1 \"value\": expected ";
    REQUIRE(text.substr(0, prefix.size()) == prefix);
    return text.substr(prefix.size());
  };
  CHECK(refused("int8(128)") == "integer from -128 to 127, got number 128 [usage.argument]");
  CHECK(refused("int8(-129)") == "integer from -128 to 127, got number -129 [usage.argument]");
  CHECK(refused("uint8(-1)") == "integer from 0 to 255, got number -1 [usage.argument]");
  CHECK(refused("int32(2147483648)") ==
        "integer from -2147483648 to 2147483647, got number 2147483648 [usage.argument]");
  CHECK(refused("int64(1.5)") == "integer, got number 1.5 [usage.argument]");
  CHECK(refused("int64(0/0)") == "integer, got number nan [usage.argument]");
  CHECK(refused("int64(1/0)") == "integer, got number inf [usage.argument]");
  CHECK(refused("int64(-1/0)") == "integer, got number -inf [usage.argument]");
  CHECK(refused("uint64(1/0)") == "integer, got number inf [usage.argument]");
  CHECK(refused("int64('5')") == "integer, got string \"5\" [usage.argument]");
  CHECK(refused("int64(nil)") == "integer, got nil [usage.argument]");
  CHECK(refused("int64(9007199254740993)") ==
        "integer, beyond 2^53 as ops.int64 \"DIGITS\" since a Lua number loses the last ones, got number "
        "9007199254740992 [usage.argument]");
  CHECK(refused("uint64(1e19)") ==
        "integer, beyond 2^53 as ops.int64 \"DIGITS\" since a Lua number loses the last ones, got number 1e+19 "
        "[usage.argument]");
  CHECK(refused("int64(2^63)") ==
        "integer from -9223372036854775808 to 9223372036854775807, got number 9223372036854775808 [usage.argument]");
  CHECK(refused("int64(ops.int64('9223372036854775808'))") ==
        "integer from -9223372036854775808 to 9223372036854775807, got 9223372036854775808 [usage.argument]");
  CHECK(refused("uint64(ops.int64('-1'))") == "integer from 0 to 18446744073709551615, got -1 [usage.argument]");
  CHECK(refused("uint64(-5)") == "integer from 0 to 18446744073709551615, got number -5 [usage.argument]");
  CHECK(refused("uint64(2^64)") ==
        "integer from 0 to 18446744073709551615, got number 18446744073709551616 [usage.argument]");
}

TEST_CASE("numbers, booleans, durations and sizes") {
  TestRuntime test;
  CHECK(test.run(
            "local n = bench.number(0/0) return n ~= n, bench.number(1/0), bench.number(-0.5), bench.number(2^60)") ==
        "true, inf, -0.5, 1152921504606846976");
  CHECK(test.run("return bench.boolean(true), bench.boolean(false)") == "true, false");
  CHECK(test.run("bench.boolean(1)") ==
        "script.lua:1: bench.boolean: argument 1 \"value\": expected boolean, got number 1 [usage.argument]");
  CHECK(test.run("return bench.duration('1m30s'), bench.duration(0.25), bench.duration('250ms')") == "90, 0.25, 0.25");
  for (const std::string bad : {"-1", "0/0", "1/0", "'soon'", "'90'", "''", "'5s\\0'", "true"}) {
    CAPTURE(bad);
    CHECK(test.run("bench.duration(" + bad + ")").find("expected duration (\"30s\", or seconds as a number), got ") !=
          std::string::npos);
  }
  CHECK(test.run("return bench.size('70GiB'), bench.size(1024), bench.size('0B')") == "75161927680, 1024, 0");
  for (const std::string bad : {"-1", "0/0", "1.5", "'70 gigs'", "true", "'1GiB\\0'"}) {
    CAPTURE(bad);
    CHECK(test.run("bench.size(" + bad + ")").find("expected size (\"70GiB\", or bytes as a number), got ") !=
          std::string::npos);
  }
  CHECK(test.run("return bench.size(bench.size('16777215TiB'))") == "18446742974197923840");
}

TEST_CASE("strings are bytes wherever they stand") {
  TestRuntime test;
  const std::string bytes = R"('\0\255a\128\0')";
  CHECK(test.run("local b = " + bytes + " return bench.string(b) == b, #bench.string(b)") == "true, 5");
  CHECK(test.run("local b = " + bytes +
                 "local r = bench.everything_later{string = b, list = {b, ''}, env = {[b] = b}, owners = {{name = b}},"
                 "any = {[b] = {b}}, groups = {[b] = {1}}}"
                 "return r.string == b, r.list[1] == b, r.list[2] == '', r.env[b] == b, r.owners[1].name == b,"
                 "r.any[b][1] == b, r.groups[b][1] == 1") == "true, true, true, true, true, true, true");
  CHECK(test.run("return bench.secret_length(bench.secret('a\\0b'))") == "3");
  CHECK(test.run("bench.string(5)") ==
        "script.lua:1: bench.string: argument 1 \"value\": expected string, got number 5 [usage.argument]");
}

TEST_CASE("a secret prints as stars and is opened by a binding alone") {
  TestRuntime test;
  CHECK(test.run("return tostring(bench.secret('hunter2hunter2'))") == R"("<***>")");
  CHECK(test.run("bench.secret_length('plain')") ==
        "script.lua:1: bench.secret_length: argument 1 \"secret\": expected secret (ops.secret.env, .file, .command or "
        ".input), got string \"plain\" [usage.argument]");
}

TEST_CASE("choices, optionals, lists and maps") {
  TestRuntime test;
  CHECK(test.run("return bench.color('green'), bench.optional(nil), bench.optional(), bench.optional(3)") ==
        R"("green", nil, nil, 3)");
  CHECK(test.run("bench.color('blue')") ==
        "script.lua:1: bench.color: argument 1 \"value\": expected \"red\" or \"green\", got string \"blue\" "
        "[usage.argument]");
  CHECK(test.run("bench.color('red\\0')") ==
        "script.lua:1: bench.color: argument 1 \"value\": expected \"red\" or \"green\", got string \"red\\x00\" "
        "[usage.argument]");
  CHECK(test.run("return bench.choice({1, 2}), bench.choice('all')") == R"({1, 2}, "all")");
  CHECK(test.run("bench.choice('some')") ==
        "script.lua:1: bench.choice: argument 1 \"value\": expected integer[]|Every, got string \"some\" "
        "[usage.argument]");
  CHECK(test.run("return bench.list({}), bench.list({'a', 'b'})") == R"({}, {"a", "b"})");
  CHECK(test.run("bench.list({'a', nil, 'c'})") ==
        "script.lua:1: bench.list: argument 1 \"value\": expected string[] (a list), but it has a hole: [3] is there "
        "and [2] is "
        "nil [usage.argument]");
  CHECK(test.run("bench.list({'a', [5] = 'c'})") ==
        "script.lua:1: bench.list: argument 1 \"value\": expected string[] (a list), but it has a hole: [5] is there "
        "and [2] is nil "
        "[usage.argument]");
  CHECK(test.run("bench.list({'a', name = 'c'})") ==
        "script.lua:1: bench.list: argument 1 \"value\": expected string[] (a list), but it also has the key string "
        "\"name\" [usage.argument]");
  CHECK(
      test.run("bench.list({[1.5] = 'a'})") ==
      "script.lua:1: bench.list: argument 1 \"value\": expected string[] (a list), but it also has the key number 1.5 "
      "[usage.argument]");
  CHECK(test.run("bench.list('a')") ==
        "script.lua:1: bench.list: argument 1 \"value\": expected string[], got string \"a\" [usage.argument]");
  CHECK(test.run("return bench.map({a = 'b'})") == R"({a = "b"})");
  CHECK(test.run("bench.map({'b'})") ==
        "script.lua:1: bench.map: argument 1 \"value\": expected string keys, got the key number 1 [usage.argument]");
}

TEST_CASE("every field of a record comes back as it went, at once and later") {
  TestRuntime test;
  const std::string given =
      "{boolean = true, tiny = -7, small = 65535, integer = -5, counter = 5, number = 1.5, string = 's', duration = "
      "'90s',"
      "size = '1KiB', color = 'green', optional = 4, list = {'x'}, env = {PATH = '/bin'},"
      "owners = {{name = 'ann', age = 30}, {name = 'bob', mail = 'b@c'}}, groups = {g = {1, 2}}, choice = 'all',"
      "any = {1, {a = true}}}";
  const std::string back =
      R"({any = {1, {a = true}}, boolean = true, choice = "all", color = "green", counter = 5, duration = 90, )"
      R"(env = {PATH = "/bin"}, groups = {g = {1, 2}}, integer = -5, list = {"x"}, number = 1.5, optional = 4, )"
      R"(owners = {{age = 30, name = "ann"}, {age = 0, mail = "b@c", name = "bob"}}, size = 1024, small = 65535, )"
      R"(string = "s", tiny = -7})";
  CHECK(test.run("return bench.everything(" + given + ")") == back);
  CHECK(test.run("return bench.everything_later(" + given + ")") == back);
  CHECK(test.run("return bench.everything{integer = ops.int64('-9223372036854775808'),"
                 "counter = ops.int64('18446744073709551615')}.integer") == "-9223372036854775808");
}

TEST_CASE("data of no declared type: depth and circles are refused, not cut") {
  TestRuntime test;
  CHECK(test.run("return bench.any(nil), bench.any({}), bench.any({1, 2, n = 3}), bench.any({1, nil, 3})") ==
        R"(nil, {}, {["1"] = 1, ["2"] = 2, n = 3}, {["1"] = 1, ["3"] = 3})");
  CHECK(test.run("return bench.any(ops.int64('9007199254740993'))") == "9007199254740993");
  const std::string refused =
      "script.lua:1: bench.any: argument 1 \"value\": the table contains itself, is nested too deeply or has more than "
      "a "
      "million values [usage.argument]";
  CHECK(test.run("local t = {} t.a, t.b = t, t bench.any(t)") == refused);
  CHECK(test.run("local t = {} for i = 1, 100 do t = {t} end bench.any(t)") == refused);
  CHECK(test.run("local t = {1} for i = 1, 60 do t = {t, t} end bench.any(t)") == refused);
  CHECK(test.run("local t = {} for i = 1, 60 do t = {t} end return #bench.any(t)") == "1");
}

TEST_CASE("an error value that contains itself is still reported") {
  TestRuntime test;
  CHECK(test.run("local t = {} t.parent, t.child = t, {t} error(t)") ==
        "a script raised {child = {<contains itself>}, parent = <contains itself>}");
  const auto circle = test.outcome("local _, e = pcall(bench.two) e.cause = e e.at = {} error(e)");
  CHECK(circle.error.code() == "usage.argument");
  CHECK(circle.at.empty());
}
