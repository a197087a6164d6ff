#pragma once
#include "host/lua/module.hpp"

namespace opshost::ssh {

void declare(lua::Module& module);

}  // namespace opshost::ssh
