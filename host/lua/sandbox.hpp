#pragma once
// Which globals scripts have, and the strict environment each file gets.
//
// Scripts are trusted code with declared capabilities, LuaJIT is no security boundary: what is taken away here is what
// would bypass the gate (a plan must change nothing), the stop flag (bytecode) or the VM's invariants (ffi, debug).
#include <lua.hpp>

namespace opshost::lua {

/// Pushes a fresh table of the globals scripts may use, and makes it the state's global table.
void push_script_globals(lua_State* state, bool unsafe_lua);

/// Makes Lua's own libraries in the table at `globals` read-only; the prelude has changed what it needed to.
void seal_script_globals(lua_State* state, int globals, bool unsafe_lua);

/// Pushes the environment of one file: reads the globals, refuses undeclared names. `lax` (--unsafe-lua, the REPL):
/// plain Lua rules.
void push_environment(lua_State* state, bool lax);

/// opshost's own natives, for stdlib files; kept in the registry.
void keep_natives(lua_State* state, int index);
void push_natives(lua_State* state);

}  // namespace opshost::lua
