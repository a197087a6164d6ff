#pragma once
// Where an error was raised, through nested coroutines.
#include <lua.hpp>
#include <string>
#include <string_view>

namespace opshost::lua {

/// An error left `inner`, a coroutine of the script: keeps its traceback with the error value at `index` of `state`,
/// for error_traceback. May raise (memory).
void remember_traceback(lua_State* state, lua_State* inner, int index);

/// The same for an error that leaves the innermost call of the function at index `function`, a protected one that will
/// raise it again: keeps the frames inside. Called from its handler.
void remember_frames_inside(lua_State* state, int function, int index);

/// The script's frames of the error value on top of `thread`'s stack, whose frames are still there: first those of the
/// coroutine it was raised in, then the ones around it. opshost's own frames are left out.
std::string error_traceback(lua_State* thread);

/// How much of a message says where it was raised: of "a.lua:3: no" the 7 of "a.lua:3". 0: it does not say.
std::size_t position_length(std::string_view message);

}  // namespace opshost::lua
