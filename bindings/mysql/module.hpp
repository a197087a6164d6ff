#pragma once
#include "host/lua/module.hpp"

namespace opshost::mysql {

void declare(lua::Module& module);

}  // namespace opshost::mysql
