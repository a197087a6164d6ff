#pragma once
// `zk` for Lua.
#include "host/lua/module.hpp"

namespace opshost::zk {

void declare(lua::Module& module);

}  // namespace opshost::zk
