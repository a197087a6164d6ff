#pragma once
// JSON straight to Lua tables, without a tree in between.
#include <lua.hpp>
#include <string>
#include <string_view>

#include "host/json/document.hpp"
#include "host/lua/convert.hpp"

namespace opshost::json {

/// Pushes what the text says: objects and lists as tables (lists are marked as such), integers beyond 2^53 as
/// ops.int64, strings byte for byte. Throws Error (document_error.hpp) with nothing pushed; `file` names the text in
/// it. May raise (memory).
void push_json(lua_State* state, std::string_view text, const std::string& file, Nulls nulls);

}  // namespace opshost::json

namespace opshost::lua {

/// Raises where the text is no JSON.
template <>
struct Convert<json::Document> {
  static void push(lua_State* state, const json::Document& document);
};

}  // namespace opshost::lua
