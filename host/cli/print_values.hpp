#pragma once
#include <lua.hpp>

namespace opshost::cli {

/// Shows what a line returned, one value a line: strings as they are, tables as they say themselves or as Lua
/// writes them.
void print_values(lua_State* thread, int count);

}  // namespace opshost::cli
