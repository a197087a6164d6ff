#include "host/base/value.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <string>

namespace {

using opshost::describe;
using opshost::Opaque;
using opshost::Value;
using opshost::ValueList;
using opshost::ValueMap;

}  // namespace

TEST_CASE("a value of a map is found by its field") {
  const Value map(ValueMap{{"name", "web-1"}, {"port", 80}});
  REQUIRE(map.field("port") != nullptr);
  CHECK(*map.field("port") == Value(80));
  CHECK(map.field("por") == nullptr);
  CHECK(Value("web-1").field("name") == nullptr);
  CHECK(Value().field("name") == nullptr);
  CHECK(Value().is_null());
}

TEST_CASE("describe writes values as Lua spells them") {
  CHECK(describe({}) == "nil");
  CHECK(describe(true) == "true");
  CHECK(describe(false) == "false");
  CHECK(describe(-7) == "-7");
  CHECK(describe(std::numeric_limits<std::int64_t>::min()) == "-9223372036854775808");
  CHECK(describe(std::numeric_limits<std::uint64_t>::max()) == "18446744073709551615");
  CHECK(describe(1.5) == "1.5");
  CHECK(describe(3.0) == "3");
  CHECK(describe(0.1) == "0.1");
  CHECK(describe(1e100) == "1e+100");
  CHECK(describe(-0.0) == "-0");
  CHECK(describe(std::numeric_limits<double>::quiet_NaN()) == "nan");
  CHECK(describe(-std::numeric_limits<double>::quiet_NaN()) == "nan");
  CHECK(describe(std::numeric_limits<double>::infinity()) == "inf");
  CHECK(describe(-std::numeric_limits<double>::infinity()) == "-inf");
  CHECK(describe("web-1") == R"("web-1")");
  CHECK(describe(ValueList{}) == "{}");
  CHECK(describe(ValueMap{}) == "{}");
  CHECK(describe(ValueList{"a", 1, {}, ValueMap{{"name", "x"}}}) == R"({"a", 1, nil, {name = "x"}})");
  CHECK(describe(Opaque{"<Container web-1>"}) == "<Container web-1>");
}

TEST_CASE("describe puts names that Lua would not read into brackets") {
  const Value map(ValueMap{{"_ok9", 1}, {"a-b", 2}, {"9", 3}, {"", 4}, {"end", 5}, {"goto", 6}, {"say \"x\"", 7}});
  CHECK(describe(map) ==
        R"({_ok9 = 1, ["a-b"] = 2, ["9"] = 3, [""] = 4, ["end"] = 5, ["goto"] = 6, ["say \"x\""] = 7})");
}

TEST_CASE("describe escapes what a terminal would act on") {
  CHECK(describe("a\nb\tc\r") == R"("a\nb\tc\r")");
  CHECK(describe(R"(say "hi" \ bye)") == R"("say \"hi\" \\ bye")");
  CHECK(describe("\x1b[2J") == R"("\x1b[2J")");
  CHECK(describe(std::string("a\0b", 3)) == R"("a\x00b")");
  CHECK(describe("\x7f") == R"("\x7f")");
  CHECK(describe("gr\xc3\xbc\xc3\x9f \xe4\xb8\xad \xf0\x9f\x98\x80") ==
        "\"gr\xc3\xbc\xc3\x9f \xe4\xb8\xad \xf0\x9f\x98\x80\"");
  CHECK(describe("\xc2\x9b") == R"("\xc2\x9b")");                                          // CSI as one C1 character
  CHECK(describe("\xe2\x80\xae") == R"("\xe2\x80\xae")");                                  // right-to-left override
  CHECK(describe("\xff\xc3\x28\xc0\x80") == R"("\xff\xc3(\xc0\x80")");                     // not UTF-8, overlong NUL
  CHECK(describe("\xed\xa0\x80\xf4\x90\x80\x80") == R"("\xed\xa0\x80\xf4\x90\x80\x80")");  // surrogate, beyond Unicode
  CHECK(describe("cut \xe4\xb8") == R"("cut \xe4\xb8")");
  CHECK(describe(Opaque{"<evil \x1b]0;x\a>"}) == R"(<evil \x1b]0;x\x07>)");
  CHECK(describe(Opaque{R"(<Path "C:\x">)"}) == R"(<Path "C:\x">)");
}

TEST_CASE("describe shrinks long strings to their size") {
  CHECK(describe(std::string(80, 'x')) == "\"" + std::string(80, 'x') + "\"");
  CHECK(describe(std::string(81, 'x')) == "<81 bytes>");
  CHECK(describe(ValueList{std::string(5000, 'x'), "ab"}, 3) == R"({<5000 bytes>, "ab"})");
  CHECK(describe("", 0) == R"("")");
  CHECK(describe("a", 0) == "<1 bytes>");
}

TEST_CASE("describe does not follow tables without end") {
  Value nested(1);
  for (int i = 0; i < 1000; ++i) nested = ValueList{nested};
  const std::string text = describe(nested);
  CHECK(text == std::string(32, '{') + "{...}" + std::string(32, '}'));
}
