#include <doctest/doctest.h>

#include <cmath>

#include "host/docs/catalog.hpp"
#include "host/lua/record.hpp"
#include "tests/unit/docs_sample_module.hpp"

using opshost::Kind;
using opshost::Type;
using opshost::Value;
using opshost::detail::list_type;
using opshost::detail::map_type;
using opshost::detail::optional_type;
using opshost::detail::plain_type;
using opshost::detail::stream_type;
using opshost::detail::text_of_default;

TEST_CASE("two mentions of a type are one description") {
  const Type& text = plain_type(Kind::string);
  CHECK(&plain_type(Kind::string) == &text);
  CHECK(&list_type(text) == &list_type(text));
  CHECK(&opshost::type_of<std::vector<std::string>>() == &list_type(text));
  CHECK(&list_type(text) != &list_type(plain_type(Kind::integer)));
  CHECK(list_type(text).element == &text);
}

TEST_CASE("an optional of what may be nil already adds nothing") {
  const Type& maybe = optional_type(plain_type(Kind::string));
  CHECK(&optional_type(maybe) == &maybe);
  CHECK(&optional_type(plain_type(Kind::any)) == &plain_type(Kind::any));
}

TEST_CASE("types read as a person writes them") {
  const Type& text = plain_type(Kind::string);
  CHECK(list_type(text).name == "string[]");
  CHECK(list_type(list_type(text)).name == "string[][]");
  CHECK(map_type(text).name == "table<string, string>");
  CHECK(optional_type(text).name == "string?");
  CHECK(list_type(optional_type(text)).name == "(string?)[]");
  CHECK(optional_type(list_type(text)).name == "string[]?");
  CHECK(stream_type(text).name == "stream<string>");
  CHECK(plain_type(Kind::nothing).name == "nil");
  CHECK(plain_type(Kind::duration).name == "duration");
}

TEST_CASE("defaults as Lua writes them") {
  CHECK(text_of_default({}) == "");
  CHECK(text_of_default(true) == "true");
  CHECK(text_of_default(std::int64_t{9007199254740993}) == "9007199254740993");
  CHECK(text_of_default(0.1) == "0.1");
  CHECK(text_of_default(INFINITY) == "math.huge");
  CHECK(text_of_default("") == "");
  CHECK(text_of_default("a \"b\"\\\n\x01"
                        "1") == R"("a \"b\"\\\n\0011")");
  CHECK(opshost::default_text(opshost::Duration(std::chrono::seconds(90))) == "\"1m30s\"");
  CHECK(opshost::default_text(opshost::Size{1048576}) == "\"1MiB\"");
}

TEST_CASE("names as a person writes them") {
  CHECK(opshost::FunctionInfo{.module = "docker", .name = "connect"}.qualified() == "docker.connect");
  CHECK(opshost::FunctionInfo{.module = "docker", .owner = "Container", .name = "stop"}.qualified() ==
        "Container:stop");
  CHECK(std::string(opshost::effect_name(opshost::Effect::destroy)) == "destroy");
}

TEST_CASE("a type belongs to the module that lists it, even where another mentions it first") {
  const Type shared{.kind = Kind::record, .name = "Shared", .doc = "Of b"};
  opshost::FunctionInfo mentions{.module = "a", .name = "look", .doc = "Look", .result = &shared};
  const std::vector<opshost::ModuleInfo> modules{
      {.name = "a", .summary = "A", .functions = {std::make_shared<const opshost::FunctionInfo>(mentions)}},
      {.name = "b", .summary = "B", .types = {&shared}}};
  const opshost::docs::Catalog catalog(modules, {});
  CHECK(catalog.module_of(shared) == "b");
  CHECK(catalog.types_of(modules[0]).empty());
  CHECK(catalog.types_of(modules[1]) == std::vector<const Type*>{&shared});
  CHECK_FALSE(catalog.is_argument(shared));
}

TEST_CASE("a union inside another type keeps its bounds") {
  const Type choice{.kind = Kind::enumeration, .name = "\"stop\"|\"collect\"", .choices = {"stop", "collect"}};
  CHECK(optional_type(choice).name == "(\"stop\"|\"collect\")?");
  CHECK(list_type(choice).name == "(\"stop\"|\"collect\")[]");
  CHECK(opshost::docs::is_inline_choice(choice));
  CHECK_FALSE(opshost::docs::is_named(choice));
}
