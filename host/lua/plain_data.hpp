#pragma once
// What may be kept for a resume: data, and nothing that lives.
#include <lua.hpp>
#include <string>

#include "host/base/value.hpp"

namespace opshost::lua {

/// Reads the value at `index`. False: it holds a handle, function, secret, a key that is no name or a hole in a list;
/// `problem` then says where and what (".env[2] is function"). Throws PlanUnknown where a plan's unknown is in it.
bool read_plain_data(lua_State* state, int index, Value& out, std::string& problem);

}  // namespace opshost::lua
