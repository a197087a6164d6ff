#pragma once
// What this build's libssh2 can do.
#include <string>
#include <vector>

namespace opshost::ssh {

/// rsa-sha2-256 and -512, for host keys and signatures: from libssh2 1.11 on. Servers since OpenSSH 8.8 take no other
/// RSA signature.
bool has_rsa_sha2();
/// "libssh2 1.10.0"
std::string library_name();
/// What to ask a server for where the types of its known host keys are these; all we can check, the best first, where
/// none is known.
std::string host_key_preference(const std::vector<std::string>& known_types);

}  // namespace opshost::ssh
