#pragma once
// What documents have and Lua's tables have not: null, and lists that stay lists when they are empty.
#include <lua.hpp>

namespace opshost::lua {

/// Creates both; once per VM.
void install_markers(lua_State* state);

/// Pushes ops.null: a userdata that is true, equals itself alone and prints "null".
void push_null(lua_State* state);
bool is_null(lua_State* state, int index);

/// Pushes the metatable of lists; scripts see it as the word "list".
void push_list_metatable(lua_State* state);
/// A table that was marked as a list, whatever is in it by now.
bool is_marked_list(lua_State* state, int index);

}  // namespace opshost::lua
