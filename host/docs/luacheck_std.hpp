#pragma once
// A luacheck standard: the globals of this machine, without what it takes away.
#include <string>

#include "host/docs/catalog.hpp"

namespace opshost::docs {

/// A .luacheckrc that defines the std "opshost" and selects it. luacheck does not follow `require`, so the functions of
/// modules are left to `opshost check` and to the editor's stubs; what it knows are globals and libraries' fields.
std::string luacheck_std();

}  // namespace opshost::docs
