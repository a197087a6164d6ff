#pragma once
// Tables a script can use and not alter: modules, LuaJIT's own libraries.
#include <lua.hpp>
#include <string>

namespace opshost::lua {

enum class Missing : unsigned char {
  raises,  ///< a module: reading a name it does not have raises, with the nearest one
  is_nil,  ///< Lua's own libraries, whose functions portable code probes for
};

/// Replaces the table on top of the stack by a read-only view of it that `pairs` sees through (opshost's `pairs`
/// honours __pairs). `finder`, where it is not 0, is the index of a Lua function that is asked for a name the table
/// does not have; what it gives but nil is kept. May raise (memory).
void push_read_only(lua_State* state, const std::string& name, Missing missing, int finder = 0);

}  // namespace opshost::lua
