#pragma once
// What host keys machines show, and what known_hosts says of them.
#include <string>
#include <vector>

#include "bindings/ssh/opening.hpp"

namespace opshost::ssh {

enum class KeyStatus : std::uint8_t { known, unknown, changed };

struct ScannedKey {
  std::string known_as;
  HostKey key;
  KeyStatus status = KeyStatus::unknown;
};

/// Every type of key that this library can check; a connection for each. Where one of them changed, or none of those
/// that are known was shown, none is called unknown: all of them are `changed`. Throws what keeps them from being read.
Awaitable<std::vector<ScannedKey>> scan_host(Call& call, Plan plan);

}  // namespace opshost::ssh
