#pragma once
// Argument checks for functions written in Lua, from the same descriptions and with the same messages as C++'s.
#include "host/lua/convert.hpp"

namespace opshost::lua {

/// Checks the value at `index` against the type and pushes its normal form: durations in seconds, sizes in bytes,
/// records as fresh tables with their defaults filled in. False: nothing is pushed and `mismatch` says why. May raise
/// (memory).
bool push_normalized(lua_State* state, int index, const Type& type, Mismatch& mismatch);

}  // namespace opshost::lua
