#pragma once
#include "host/lua/module.hpp"

namespace opshost::data::inventory {

/// Hosts and groups; stdlib/ops/inventory.lua adds what reads files.
void declare(lua::Module& module);

}  // namespace opshost::data::inventory
