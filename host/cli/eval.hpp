#pragma once
#include <string>
#include <vector>

#include "host/runtime.hpp"

namespace opshost::cli {

/// Runs one piece of Lua, an expression or statements, and shows what it returned.
Outcome evaluate(Runtime& runtime, const std::string& text, const std::string& chunk_name,
                 const std::vector<std::string>& arguments);

}  // namespace opshost::cli
