#pragma once
// Types as Lua's own declarations write them: "duration?", "string[]", "table<string, integer>", '"stop"|"collect"'.
#include <string>
#include <string_view>

#include "host/lua/type.hpp"

namespace opshost::lua {

/// The type that text names. Names of records are looked up in `module`, in what it has in C++ too, then everywhere.
/// Throws Error("internal.declaration"): a defect of the declaring file.
const Type& type_from_text(const std::string& module, std::string_view text);

/// Keeps a record or enumeration declared in Lua for the life of the process; declared again, it is replaced in place.
Type& keep_type(Type type);

/// Makes the records and enumerations that a function of C++ speaks of known to Lua declarations of its module.
void publish_types(const std::string& module, const Type& type);

}  // namespace opshost::lua
