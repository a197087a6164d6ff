#pragma once
// What host keys a machine shows, and what known_hosts says of them.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bindings/net/route.hpp"
#include "host/fiber/call.hpp"
#include "host/lua/record.hpp"

namespace opshost::ssh {

enum class KeyStatus : std::uint8_t { known, unknown, changed };
OPSHOST_ENUM(KeyStatus, "What known_hosts says of a key", (known, "known"), (unknown, "new"), (changed, "changed"))

struct ScannedKey {
  std::string type{};
  std::string fingerprint{};
  KeyStatus status = KeyStatus::unknown;
  std::string line{};
};
OPSHOST_RECORD(ScannedKey, "A host key that a machine shows", (type, "\"ssh-ed25519\""),
               (fingerprint, "\"SHA256:...\", as ssh-keygen -l shows it"),
               (status,
                "\"known\"; \"new\": known_hosts has none of its type, and nothing speaks against it; \"changed\": it "
                "has another one, or none of those it has was shown"),
               (line, "the line that known_hosts takes"))

struct HostKeys {
  std::string known_as{};
  std::vector<ScannedKey> keys{};
  std::vector<std::string> unchecked{};
  std::string known_hosts{};
};
OPSHOST_RECORD(HostKeys, "What host keys a machine shows", (known_as, "its name in known_hosts: \"[db1]:2222\""),
               (keys, "one a type"),
               (unchecked,
                "types of the keys that known_hosts has, where none of them could be asked for: nothing was compared"),
               (known_hosts, "the file that new keys go to"))

struct HostKeysOptions {
  std::string host{};
  std::optional<std::uint16_t> port{};
  std::optional<std::string> user{};
  net::Via via{};
  std::optional<std::string> known_hosts{};
  std::optional<Duration> connect_timeout{};
};
OPSHOST_RECORD(HostKeysOptions, "Whose host keys to look at; what is not given is taken from ssh_config",
               (host, "name or address, or a name that ssh_config has", required),
               (port, "22 unless ssh_config has another"), (user, "for messages, and for what ssh_config has for it"),
               (via, "host to go through; ssh_config's ProxyJump unless given"),
               (known_hosts, "file to compare with; ~/.ssh/known_hosts and /etc/ssh/ssh_known_hosts unless given"),
               (connect_timeout, "for the way there and all of its keys; 20s unless ssh_config says otherwise"))

/// Every type of key that this library can check; a connection for each, and nobody logs in. The hosts on the way are
/// logged in to, and have to be known. Where one key changed, or none of those that are known was shown although it was
/// asked for, none is called new: all of them are `changed`. Throws what keeps them from being read.
Awaitable<HostKeys> host_keys(Call& call, HostKeysOptions options);

}  // namespace opshost::ssh
