// Text on a terminal: sizes, columns, tables.
#include <algorithm>

#include "host/base/size.hpp"
#include "host/base/utf8.hpp"
#include "host/lua/convert.hpp"
#include "host/lua/natives.hpp"
#include "host/term/display_width.hpp"
#include "host/term/table.hpp"

namespace opshost::lua {

namespace {

void push_text(lua_State* state, std::string_view text) { lua_pushlstring(state, text.data(), text.size()); }

// size_text(bytes) -> "1GiB"
int size_text(lua_State* state) {
  const std::string text = format_size({static_cast<std::uint64_t>(luaL_checknumber(state, 1))});
  push_text(state, text);
  return 1;
}

/// Walks along a line once, by columns of a terminal counted from 1.
class LineWalk {
 public:
  explicit LineWalk(std::string_view line) : line_(line) {}

  [[nodiscard]] std::size_t offset() const { return offset_; }
  [[nodiscard]] std::size_t column() const { return column_; }
  [[nodiscard]] bool done() const { return offset_ >= line_.size(); }
  /// Past one character.
  void step() {
    const auto character = decode_utf8(line_.substr(offset_));
    const std::size_t length = character ? character->length : 1;
    is_behind_blank_ = line_[offset_] == ' ' || line_[offset_] == '\t';
    column_ += display_width(line_.substr(offset_, length));
    offset_ += length;
  }
  void to_column(std::size_t column) {
    while (!done() && column_ < column) step();
  }
  /// The line's beginning and what is behind its end count as blank.
  [[nodiscard]] bool is_behind_blank() const { return offset_ == 0 || is_behind_blank_ || done(); }

 private:
  std::string_view line_;
  std::size_t offset_ = 0;
  std::size_t column_ = 1;
  bool is_behind_blank_ = false;
};

std::size_t position_in(lua_State* state, int list, int at) {
  lua_rawgeti(state, list, at);
  const auto position = static_cast<std::size_t>(lua_tonumber(state, -1));
  lua_pop(state, 1);
  return position;
}

// columns_of(line, offsets) -> the columns at which these bytes (from 1, ascending) begin
int columns_of(lua_State* state) {
  LineWalk walk(view_at(state, 1));
  const int count = static_cast<int>(lua_objlen(state, 2));
  lua_createtable(state, count, 0);
  for (int i = 1; i <= count; ++i) {
    const std::size_t offset = position_in(state, 2, i) - 1;
    while (!walk.done() && walk.offset() < offset) walk.step();
    lua_pushnumber(state, static_cast<lua_Number>(walk.column()));
    lua_rawseti(state, -2, i);
  }
  return 1;
}

// cells_at(line, columns) -> what stands from each column (ascending) to the next, and the first one that text in front
// of it reaches into, or nil
int cells_at(lua_State* state) {
  const auto line = view_at(state, 1);
  LineWalk walk(line);
  const int count = static_cast<int>(lua_objlen(state, 2));
  lua_createtable(state, count, 0);
  int reached_into = 0;
  std::size_t begin = 0;
  for (int i = 1; i <= count; ++i) {
    walk.to_column(position_in(state, 2, i));
    if (i > 1) {
      push_text(state, line.substr(begin, walk.offset() - begin));
      lua_rawseti(state, -2, i - 1);
    }
    if (reached_into == 0 && !walk.is_behind_blank()) reached_into = i;
    begin = walk.offset();
  }
  push_text(state, line.substr(begin));
  lua_rawseti(state, -2, count);
  reached_into == 0 ? lua_pushnil(state) : lua_pushnumber(state, reached_into);
  return 2;
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

}  // namespace

void add_text_natives(lua_State* state) {
  set_native(state, "size_text", size_text);
  set_native(state, "columns_of", columns_of);
  set_native(state, "cells_at", cells_at);
  set_native(state, "table_text", table_text);
}

}  // namespace opshost::lua
