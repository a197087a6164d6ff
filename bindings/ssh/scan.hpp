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

struct HostScan {
  std::vector<ScannedKey> keys;
  /// Types of the keys that known_hosts has, where this library could ask for none of them: nothing was compared.
  std::vector<std::string> unchecked;
};

/// Every type of key that this library can check; a connection for each. Where one of them changed, or none of those
/// that are known was shown although it was asked for, none is called unknown: all of them are `changed`. Throws what
/// keeps them from being read; a call that is stopped, that there was no answer in time.
Awaitable<HostScan> scan_host(Call& call, Plan plan);

}  // namespace opshost::ssh
