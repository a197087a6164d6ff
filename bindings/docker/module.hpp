#pragma once
#include "host/lua/module.hpp"

namespace opshost::docker {

/// Declares `docker`: engines, their containers, images and networks.
void declare(lua::Module& module);

}  // namespace opshost::docker
