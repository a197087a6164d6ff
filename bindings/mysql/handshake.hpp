#pragma once
// Our part of opening a connection: a client plugin that the library calls before any password is sent.
//
// The Connector hides the library's handle and its socket, and falls back to plain text in silence where a server has
// no TLS. The plugin "opshost_handshake" sees both: it refuses a connection that was to be encrypted and is not, or
// whose certificate is for another name, and keeps the socket, which is how a call that nobody answers is ended.
#include <optional>
#include <string>

#include "bindings/mysql/settings.hpp"

struct st_mysql;

namespace opshost::mysql {

inline constexpr const char* kHandshakePlugin = "opshost_handshake";

/// What one opening wants and finds. Belongs to the thread that opens.
struct Handshake {
  const std::optional<TlsOptions>* tls = nullptr;
  std::string server_name{};  ///< the name a certificate has to be for
  /// The server itself is at the other end of a Unix socket, of this machine or of the one that ssh leads to.
  bool private_way = false;
  /// An RSA key that the server hands out unencrypted is taken.
  bool take_public_key = false;

  int socket = -1;             ///< owned by the library
  st_mysql* native = nullptr;  ///< owned by the Connector; lives as long as its connection
  std::string cipher{};        ///< empty: not encrypted
  std::string refusal{};       ///< why we ended it
};

/// Makes `handshake` the one that this thread's connection is opened with.
class HandshakeScope {
 public:
  explicit HandshakeScope(Handshake& handshake);
  ~HandshakeScope();
  HandshakeScope(const HandshakeScope&) = delete;
  HandshakeScope& operator=(const HandshakeScope&) = delete;
};

/// Of the opening of this thread: nobody stands between us and the server, with TLS or without.
bool opens_on_private_way();
/// Of the opening of this thread: a key that nobody vouches for may encrypt the password.
bool opens_with_any_public_key();

/// Makes the plugin and our authentication methods known to the library, which must have been started. Once a process.
void register_client_plugins();

}  // namespace opshost::mysql
