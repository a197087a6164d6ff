#pragma once
// The ways to prove who we are that the client library would load as shared objects, which a static file never does.
#include <span>

#include "bindings/mysql/client_plugin.hpp"

namespace opshost::mysql {

/// caching_sha2_password, sha256_password and mysql_clear_password. The last two, and the full exchange of the first,
/// send the password itself: only over TLS or a Unix socket, else encrypted by the server's RSA key.
std::span<AuthenticationPlugin* const> authentication_methods();

}  // namespace opshost::mysql
