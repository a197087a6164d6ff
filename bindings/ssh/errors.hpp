#pragma once
// The errors of this binding: who, at which stage, what was observed, what to do.
#include <cstdint>
#include <optional>
#include <string>

#include "host/base/error.hpp"
#include "host/lua/record.hpp"

namespace opshost::ssh {

/// Where on the way to an answer something failed.
enum class Stage : std::uint8_t { config, connect, key_exchange, host_key, auth, channel, command };
OPSHOST_ENUM(Stage, "How far a connection got", (config, "config"), (connect, "connect"),
             (key_exchange, "key exchange"), (host_key, "host key"), (auth, "auth"), (channel, "channel"),
             (command, "command"))

struct ConnectionFailure {
  std::string host{};
  std::uint16_t port = 0;
  std::string user{};
  Stage stage = Stage::connect;
  std::optional<std::string> fingerprint{};
  std::optional<std::string> key_type{};
  std::optional<std::string> key{};
};
OPSHOST_RECORD(ConnectionFailure, "Which connection failed, and where", (host, "name or address that was asked for"),
               (port, "its port"), (user, "the login"), (stage, "how far it got"),
               (fingerprint, "of the host key that was shown, as ssh-keygen -l writes it"),
               (key_type, "of the host key that was shown: \"ssh-ed25519\""),
               (key, "the host key that was shown, in base64, as known_hosts has it"))

const char* stage_name(Stage stage);

/// "lab@db1: channel: the connection was lost: WHY", ssh.lost.
Error lost_error(const std::string& name, Stage stage, const std::string& why);

}  // namespace opshost::ssh
