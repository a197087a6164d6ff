#pragma once
// What C++ knows of procedures: which value is one, and which files belong to its run.
#include <lua.hpp>
#include <vector>

#include "host/journal/run_start.hpp"

namespace opshost::lua {

class Vm;

/// True for what procedure.define returned.
bool is_procedure(lua_State* state, int index);

/// Every Lua file loaded so far.
std::vector<journal::FileHash> files_of(const Vm& vm);

}  // namespace opshost::lua
