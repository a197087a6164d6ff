#pragma once
// OpenSSH's own format of private keys ("openssh-key-v1").
#include <optional>
#include <string>
#include <string_view>

namespace opshost::ssh {

bool is_openssh_key(std::string_view text);
/// The decrypted list of fields that begins with the key's type. Throws Error("ssh.key"), as PrivateKey::parse.
std::string open_openssh_key(std::string_view text, const std::optional<std::string>& passphrase);

}  // namespace opshost::ssh
