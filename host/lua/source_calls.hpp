#pragma once
// The steps and questions a procedure's text names, found without running it.
#include <string>
#include <string_view>
#include <vector>

namespace opshost::lua {

struct NamedCall {
  std::string method;  ///< "step", "confirm", "cleanup", ...
  std::string name;    ///< the text that begins its name; where the name is made of parts, the first
  std::size_t line;
};

/// Every `ctx:step("...", ...)` and the like, in the order of the text.
std::vector<NamedCall> named_calls(std::string_view source);

}  // namespace opshost::lua
