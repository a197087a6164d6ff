#pragma once
#include "host/lua/module.hpp"

namespace opshost::local {

/// Declares `local` to Lua.
void declare(lua::Module& module);

}  // namespace opshost::local
