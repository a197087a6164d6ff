#pragma once
// How to reach a server, and who we are there.
#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "bindings/net/route.hpp"
#include "host/base/secret.hpp"
#include "host/lua/record.hpp"

namespace opshost::mysql {

struct TlsOptions {
  std::optional<std::string> ca{};
  std::optional<std::string> cert{};
  std::optional<std::string> key{};
  std::optional<std::string> server_name{};
  bool verify = true;
};
OPSHOST_RECORD(TlsOptions, "How to encrypt a connection",
               (ca, "file of certificates to trust; the system's unless given"), (cert, "file of our certificate"),
               (key, "file of its key"),
               (server_name, "name the server's certificate has to be for; `host` unless given"),
               (verify, "false: take any certificate; encrypted, but whoever stands between is not noticed"))

using Tls = std::variant<bool, TlsOptions>;
using Password = std::variant<Secret, std::string>;

struct ConnectOptions {
  std::optional<std::string> host{};
  std::optional<std::uint16_t> port{};
  std::optional<std::string> socket{};
  std::optional<std::string> user{};
  std::optional<Password> password{};
  std::optional<std::string> database{};
  std::optional<Tls> tls{};
  std::optional<bool> get_server_public_key{};
  std::optional<std::string> charset{};
  std::optional<Duration> connect_timeout{};
  std::optional<Duration> timeout{};
  std::optional<std::string> defaults_file{};
  net::Via via{};
};
OPSHOST_RECORD(
    ConnectOptions, "Where a server is, and who we are there",
    (host, "name or address; 127.0.0.1 unless given, also for \"localhost\""), (port, "3306 unless given"),
    (socket, "path of its Unix socket, in place of host and port"),
    (user, "account; the name of the user opshost runs as unless given"), (password, "a secret, or its text"),
    (database, "the database names without one are looked up in"),
    (tls, "true, or how: then a server without TLS is an error; unencrypted unless given"),
    (get_server_public_key,
     "true: without TLS, send the password of caching_sha2_password and sha256_password encrypted by the key "
     "the server hands out; who stands between can put his own there. Otherwise that is an error"),
    (charset, "character set of the connection; utf8mb4 unless given"),
    (connect_timeout, "how long opening one connection may take; 10s unless given"),
    (timeout, "for each call over it that says none and is no script, dump or restore; 60s unless given"),
    (defaults_file,
     "an option file of the mysql client (mode 0600); its [client] section fills what is not "
     "given here, TLS as the client takes it (ssl-mode, ssl-ca, ...); an option of TLS we do not know is an "
     "error"),
    (via, "an SSH connection to go through; host and socket are those of the machine at its end"))

/// The same, complete and checked.
struct Settings {
  std::string host = "127.0.0.1";
  std::uint16_t port = 3306;
  std::string socket{};  ///< empty: TCP
  std::string user{};
  Secret password{};
  std::string database{};
  std::optional<TlsOptions> tls{};
  bool get_server_public_key = false;
  std::string charset = "utf8mb4";
  Duration connect_timeout = std::chrono::seconds(10);
  std::optional<Duration> timeout{};
  net::Via via{};

  /// A Unix socket of the server itself, on this machine or on the one at the end of `via`.
  [[nodiscard]] bool is_private_way() const { return !socket.empty(); }
  /// As messages name it: "mysql app@db1:3306", "mysql app@db1:3306 via root@jump".
  [[nodiscard]] std::string target() const;
};

/// Throws usage.argument for what contradicts itself, mysql.defaults_file for a file that cannot be used. Reads files.
Settings settings_from(const ConnectOptions& options);

}  // namespace opshost::mysql
