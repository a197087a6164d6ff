#pragma once
// What C++ knows of procedures: which value is one, and which files belong to its run.
#include <lua.hpp>
#include <string>
#include <vector>

#include "host/journal/run_start.hpp"

namespace opshost::lua {

class Vm;

/// True for what procedure.define returned.
bool is_procedure(lua_State* state, int index);

/// Where the latest procedure was defined: "restart.lua:3"; empty: nowhere.
std::string procedure_defined_at(lua_State* state);

/// Every Lua file loaded so far.
std::vector<journal::FileHash> files_of(const Vm& vm);

}  // namespace opshost::lua
