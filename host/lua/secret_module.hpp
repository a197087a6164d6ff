#pragma once
#include "host/lua/module.hpp"

namespace opshost::lua {

/// Where secrets come from; stdlib/ops/secret.lua adds what runs a command.
void declare_secret(Module& module);

}  // namespace opshost::lua
