#pragma once
#include "host/lua/module.hpp"

namespace opshost::data {

/// Documents: JSON and YAML to Lua and back.
void declare(lua::Module& module);

}  // namespace opshost::data
