#pragma once
#include "host/lua/module.hpp"

namespace opshost::http {

/// Declares `http`: requests to web servers.
void declare(lua::Module& module);

}  // namespace opshost::http
