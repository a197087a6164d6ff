#include "bindings/mysql/lua_rows.hpp"

#include <charconv>

#include "host/lua/handle.hpp"

namespace opshost::mysql {

namespace {

void push_text(lua_State* state, std::string_view text) { lua_pushlstring(state, text.data(), text.size()); }

void push_number(lua_State* state, ValueForm form, std::string_view text) {
  const char* end = text.data() + text.size();
  if (form == ValueForm::bits) {
    std::uint64_t value = 0;
    for (const char byte : text) value = value << 8 | static_cast<unsigned char>(byte);
    return lua::push_unsigned(state, value);
  }
  if (form == ValueForm::integer) {
    std::int64_t value = 0;
    if (std::from_chars(text.data(), end, value).ptr == end) return lua::push_integer(state, value);
  } else if (form == ValueForm::unsigned_integer) {
    std::uint64_t value = 0;
    if (std::from_chars(text.data(), end, value).ptr == end) return lua::push_unsigned(state, value);
  } else {
    double value = 0;
    if (std::from_chars(text.data(), end, value).ptr == end) return lua_pushnumber(state, value);
  }
  push_text(state, text);  // what is no number after all keeps its text
}

/// {columns = {names}, column_info = {records}}: what the metatables answer with.
void push_about(lua_State* state, const Fetched& fetched) {
  lua_createtable(state, 0, 3);
  lua_createtable(state, static_cast<int>(fetched.columns->size()), 0);
  int i = 0;
  for (const Column& column : *fetched.columns) {
    push_text(state, column.name);
    lua_rawseti(state, -2, ++i);
  }
  lua_setfield(state, -2, "columns");
  lua::push(state, *fetched.columns);
  lua_setfield(state, -2, "column_info");
}

void push_metatable(lua_State* state, const Fetched& fetched, bool of_list) {
  lua_createtable(state, 0, 1);
  push_about(state, fetched);
  if (of_list && fetched.more) {
    lua::push(state, fetched.more);
    lua_setfield(state, -2, "more");
    lua::push(state, fetched.more->lease()->settings().timeout);
    lua_setfield(state, -2, "timeout");
  }
  lua_setfield(state, -2, "__index");
}

}  // namespace

void push_rows(lua_State* state, const Fetched& fetched) {
  const auto& columns = *fetched.columns;
  const int count = static_cast<int>(columns.size());
  luaL_checkstack(state, count + 12, "a result with too many columns");
  const auto rows = fetched.rows.rows();
  lua_createtable(state, static_cast<int>(rows), 0);
  const int list = lua_gettop(state);
  push_metatable(state, fetched, true);
  lua_setmetatable(state, list);
  push_metatable(state, fetched, false);
  for (const Column& column : columns) push_text(state, column.name);

  const char* bytes = fetched.rows.bytes().data();
  const std::uint32_t* size = fetched.rows.sizes().data();
  for (std::size_t row = 1; row <= rows; ++row) {
    lua_createtable(state, 0, count);
    for (int i = 0; i < count; ++i, ++size) {
      if (*size == RowBatch::kNull) continue;
      lua_pushvalue(state, list + 2 + i);
      const std::string_view text(bytes, *size);
      const auto form = columns[static_cast<std::size_t>(i)].form;
      form == ValueForm::bytes ? push_text(state, text) : push_number(state, form, text);
      lua_rawset(state, -3);
      bytes += *size;
    }
    lua_pushvalue(state, list + 1);
    lua_setmetatable(state, -2);
    lua_rawseti(state, list, static_cast<int>(row));
  }
  lua_settop(state, list);
}

}  // namespace opshost::mysql
