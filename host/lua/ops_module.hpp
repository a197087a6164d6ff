#pragma once
#include "host/lua/module.hpp"

namespace opshost::lua {

/// The C++ part of `ops`; stdlib/ops.lua adds the rest.
void declare_ops(Module& module);

}  // namespace opshost::lua
