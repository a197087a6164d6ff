#pragma once
// The machine's stack, which nested coroutines and callbacks of C functions use up without Lua counting it: LuaJIT
// would die of it, a stack overflow of Lua's own stack is only an error.
#include <lua.hpp>

namespace opshost::lua {

/// True when too little is left to call into Lua once more. Costs a comparison.
bool c_stack_is_short() noexcept;

/// Raises Lua's "stack overflow" then.
void check_c_stack(lua_State* state);

}  // namespace opshost::lua
