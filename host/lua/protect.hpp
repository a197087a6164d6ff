#pragma once
// Protected calls from C++ into Lua: a Lua error (memory, mostly) ends here instead of crossing C++ frames.
#include <functional>
#include <lua.hpp>

namespace opshost::lua {

/// Prepares the state for protect(); once per VM, before anything else runs in it.
void install_protect(lua_State* state);

/// Runs `body` where a Lua error is caught. True: what `body` pushed and counted is on top of the stack and `count`
/// says how many values. False: the error value is on top instead. `body` must not own anything across a call that may
/// raise. C++ exceptions in it are not for this: they must not leave it.
bool protect(lua_State* state, const std::function<int(lua_State*)>& body, int& count);

}  // namespace opshost::lua
