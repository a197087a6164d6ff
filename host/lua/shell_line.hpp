#pragma once
#include <string>

namespace opshost::lua {

/// What ops.shell returns: a line for /bin/sh, accepted wherever a command is.
struct ShellLine {
  std::string line;
  [[nodiscard]] std::string subject() const { return "ops.shell " + line; }
};

}  // namespace opshost::lua
