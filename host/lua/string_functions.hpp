#pragma once
// string.find, match, gmatch, gsub and rep as LuaJIT has them, results and error texts included, but stopped by Ctrl-C
// and deadlines: LuaJIT's own never look up and can run for minutes.
#include <lua.hpp>

namespace opshost::lua {

/// Replaces the five in the `string` table, which must be open. ("x"):find(...) reaches them too.
void install_string_functions(lua_State* state);

}  // namespace opshost::lua
