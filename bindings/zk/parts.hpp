#pragma once
// The pieces of zk that stdlib/zk.lua puts together: hidden from scripts.
#include "host/lua/module.hpp"

namespace opshost::zk {

void declare_parts(lua::Module& module);

}  // namespace opshost::zk
