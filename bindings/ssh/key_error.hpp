#pragma once
#include <string>

#include "host/base/error.hpp"

namespace opshost::ssh {

/// What is wrong with a key; whoever knows its file puts that in front.
inline Error key_error(const char* reason, std::string message) {
  return Error("ssh.key", std::move(message)).with(ValueMap{{"reason", reason}});
}

inline Error damaged_key(const std::string& what) {
  return key_error("damaged", "the key is damaged: " + what + "; restore it, or make a new one");
}

}  // namespace opshost::ssh
