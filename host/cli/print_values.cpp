#include "host/cli/print_values.hpp"

#include <optional>
#include <string>

#include "host/lua/convert.hpp"
#include "host/lua/error_object.hpp"
#include "host/term/output.hpp"

namespace opshost::cli {

namespace {

/// What a table says of itself: the results of a fan-out, a version. nullopt: nothing, or not without an error.
std::optional<std::string> own_text(lua_State* thread, int index) {
  if (lua_type(thread, index) != LUA_TTABLE || luaL_getmetafield(thread, index, "__tostring") == 0) return std::nullopt;
  lua_pushvalue(thread, index);
  std::optional<std::string> text;
  std::size_t size = 0;
  if (lua_pcall(thread, 1, 1, 0) == 0 && lua_type(thread, -1) == LUA_TSTRING) {
    const char* bytes = lua_tolstring(thread, -1, &size);
    text.emplace(bytes, size);
  }
  lua_pop(thread, 1);
  if (text && text->ends_with('\n')) text->pop_back();
  return text;
}

}  // namespace

void print_values(lua_State* thread, int count) {
  const int first = lua_gettop(thread) - count + 1;
  for (int index = first; index < first + count; ++index) {
    if (lua::is_error(thread, index)) {
      standard_output().write(lua::one_line(lua::to_error(thread, index), {}) + "\n");
      continue;
    }
    if (const auto text = own_text(thread, index)) {
      standard_output().write(*text + "\n");
      continue;
    }
    const auto value = lua::value_from_lua(thread, index);
    const auto* text = value.get_if<std::string>();
    standard_output().write((text != nullptr ? *text : describe(value, 4096)) + "\n");
  }
}

}  // namespace opshost::cli
