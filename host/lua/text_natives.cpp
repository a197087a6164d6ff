// Text for stdlib: sizes, columns of a terminal, tables, secrets, output.
#include <algorithm>
#include <array>

#include "host/base/secret.hpp"
#include "host/base/secret_patterns.hpp"
#include "host/base/size.hpp"
#include "host/base/utf8.hpp"
#include "host/log/log.hpp"
#include "host/lua/convert.hpp"
#include "host/lua/error_object.hpp"
#include "host/lua/inventory_choice.hpp"
#include "host/lua/natives.hpp"
#include "host/lua/secret_sources.hpp"
#include "host/term/display_width.hpp"
#include "host/term/output_format.hpp"
#include "host/term/table.hpp"

namespace opshost::lua {

namespace {

std::string_view text_at(lua_State* state, int index) {
  std::size_t length = 0;
  const char* text = luaL_checklstring(state, index, &length);
  return {text, length};
}

void push_text(lua_State* state, std::string_view text) { lua_pushlstring(state, text.data(), text.size()); }

// size_text(bytes) -> "1GiB"
int size_text(lua_State* state) {
  const std::string text = format_size({static_cast<std::uint64_t>(luaL_checknumber(state, 1))});
  push_text(state, text);
  return 1;
}

/// The offset of the first character that begins at or behind the column, counted from 0.
std::size_t offset_of_column(std::string_view text, std::size_t column) {
  std::size_t offset = 0;
  std::size_t at = 0;
  while (offset < text.size() && at < column) {
    const auto character = decode_utf8(text.substr(offset));
    const std::size_t length = character ? character->length : 1;
    at += display_width(text.substr(offset, length));
    offset += length;
  }
  return offset;
}

// text_columns(line, first [, last]) -> what stands in these columns of a terminal, counted from 1
int text_columns(lua_State* state) {
  const auto line = text_at(state, 1);
  const auto first = static_cast<std::size_t>(luaL_checknumber(state, 2));
  const std::size_t begin = offset_of_column(line, first - 1);
  std::size_t end = line.size();
  if (!lua_isnoneornil(state, 3)) {
    end = std::max(begin, offset_of_column(line, static_cast<std::size_t>(luaL_checknumber(state, 3))));
  }
  push_text(state, line.substr(begin, end - begin));
  return 1;
}

// table_text(titles, rows) -> aligned columns; all are lists of strings
int table_text(lua_State* state) {
  std::vector<std::string> titles;
  std::vector<std::vector<std::string>> rows;
  Mismatch mismatch;
  if (!read(state, 1, titles, mismatch) || !read(state, 2, rows, mismatch)) {
    return luaL_error(state, "table_text: titles and rows are lists of strings");
  }
  std::vector<Table::Column> columns;
  columns.reserve(titles.size());
  for (auto& title : titles) columns.push_back({.title = printable(title)});
  Table table(std::move(columns));
  for (auto& row : rows) {
    std::vector<Table::Cell> cells;
    for (std::size_t i = 0; i < std::min(row.size(), titles.size()); ++i) cells.emplace_back(std::move(row[i]));
    table.add_row(std::move(cells));
  }
  push_text(state, table.text(false));
  return 1;
}

/// False: the error is pushed instead.
bool push_new_secret(lua_State* state) {
  try {
    push(state, make_secret(std::string(text_at(state, 1)), std::string(text_at(state, 2))));
    return true;
  } catch (const Error& error) {
    push_error(state, error);
    return false;
  }
}

// new_secret(value, origin) -> secret
int new_secret(lua_State* state) {
  if (push_new_secret(state)) return 1;
  locate_error(state);
  return lua_error(state);
}

// redact(text) -> the text with *** for what is secret in it
int native_redact(lua_State* state) {
  const std::string safe = redact(text_at(state, 1));
  push_text(state, safe);
  return 1;
}

// is_secret_name(name) -> boolean
int native_is_secret_name(lua_State* state) {
  lua_pushboolean(state, is_secret_name(text_at(state, 1)) ? 1 : 0);
  return 1;
}

void push_choice(lua_State* state, const std::optional<std::string>& choice) {
  choice ? push_text(state, *choice) : lua_pushnil(state);
}

// chosen_inventory() -> the file of --inventory, the hosts of --limit; nil where there is none
int native_chosen_inventory(lua_State* state) {
  push_choice(state, chosen_inventory().file);
  push_choice(state, chosen_inventory().limit);
  return 2;
}

// is_json_output() -> boolean
int native_is_json_output(lua_State* state) {
  lua_pushboolean(state, is_json_output() ? 1 : 0);
  return 1;
}

// log(level, text); level is "debug", "info", "warn" or "error"
int native_log(lua_State* state) {
  static constexpr std::array<const char*, 5> kLevels{"debug", "info", "warn", "error", nullptr};
  static_assert(static_cast<int>(Level::debug) == 0 && static_cast<int>(Level::error) == 3);
  log(static_cast<Level>(luaL_checkoption(state, 1, nullptr, kLevels.data())), text_at(state, 2));
  return 0;
}

}  // namespace

void add_text_natives(lua_State* state) {
  set_native(state, "size_text", size_text);
  set_native(state, "text_columns", text_columns);
  set_native(state, "table_text", table_text);
  set_native(state, "new_secret", new_secret);
  set_native(state, "redact", native_redact);
  set_native(state, "is_secret_name", native_is_secret_name);
  set_native(state, "is_json_output", native_is_json_output);
  set_native(state, "log", native_log);
  set_native(state, "chosen_inventory", native_chosen_inventory);
}

}  // namespace opshost::lua
