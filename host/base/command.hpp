#pragma once
// A program to run, wherever that is: this machine, an ssh host, a container, a pod.
#include <string>
#include <vector>

namespace opshost {

/// From Lua: {"systemctl", "stop", "docker"}, or ops.shell "ps aux | grep mysqld" where a shell has to read the line.
struct Command {
  std::vector<std::string> argv;  ///< never empty; each word reaches the program as it is, no shell in between
  std::string shell_line;         ///< set for ops.shell; argv is then {"/bin/sh", "-c", line}

  /// As a person would type it, quoted where a shell needs it.
  [[nodiscard]] std::string text() const;
};

}  // namespace opshost
