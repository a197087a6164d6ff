#pragma once
// How a script wants to reach a host.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "bindings/net/route.hpp"
#include "host/base/secret.hpp"
#include "host/lua/record.hpp"

namespace opshost::ssh {

/// false: no agent; true: the one of SSH_AUTH_SOCK; text: the one that listens there.
using AgentChoice = std::variant<bool, std::string>;

struct ConnectOptions {
  std::string host{};
  std::optional<std::uint16_t> port{};
  std::optional<std::string> user{};
  std::optional<std::string> key{};
  Secret passphrase{};
  Secret password{};
  std::optional<AgentChoice> agent{};
  net::Via via{};
  std::optional<std::string> known_hosts{};
  std::string host_key = "strict";
  std::optional<Duration> connect_timeout{};
  std::optional<Duration> timeout{};
  std::optional<Duration> keepalive{};
};

OPSHOST_RECORD(
    ConnectOptions, "How to reach a host; what is not given is taken from ~/.ssh/config and /etc/ssh/ssh_config",
    (host, "name or address, or a name that ssh_config has", required), (port, "22 unless ssh_config has another"),
    (user, "login; ssh_config's, or our own, unless given"),
    (key, "file of the private key; ssh_config's IdentityFile, or ~/.ssh/id_* unless given"),
    (passphrase, "opens the private key, an ops.secret"), (password, "the login's, an ops.secret"),
    (agent,
     "true: ask the agent of SSH_AUTH_SOCK, or give its socket; false: ask none; ssh_config's IdentityAgent, "
     "or that of SSH_AUTH_SOCK, is asked where there is one unless a key or a password is given"),
    (via,
     "host to go through; ssh_config's ProxyJump unless given; where it has a ProxyCommand, which is not "
     "run, it has to be given"),
    (known_hosts, "file of the host keys; ~/.ssh/known_hosts and /etc/ssh/ssh_known_hosts unless given"),
    (host_key,
     "\"strict\": it has to be known; \"accept-new\": an unknown one is stored; or the "
     "fingerprint that has to be there, \"SHA256:...\""),
    (connect_timeout, "for everything until we are logged in; 20s unless ssh_config says otherwise"),
    (timeout, "for each call over it that says none and is no copy of a file; 60s unless given"),
    (keepalive,
     "while we wait for an answer, ask for a sign of life this often; after three without one the "
     "connection is given up; 15s unless ssh_config says otherwise; 0 asks for none"))

inline constexpr Duration kConnectTimeout = std::chrono::seconds(20);
/// Of a call that says none, over a connection that says none.
inline constexpr Duration kTimeout = std::chrono::seconds(60);
inline constexpr Duration kKeepalive = std::chrono::seconds(15);
inline constexpr const char* kStrict = "strict";
inline constexpr const char* kAcceptNew = "accept-new";

/// The same arguments: the same connection.
bool same_settings(const ConnectOptions& one, const ConnectOptions& other);
/// "lab@db1:2222", as it was asked for.
std::string asked_name(const ConnectOptions& options);
/// Throws Error("usage.argument").
void check_settings(const ConnectOptions& options);

}  // namespace opshost::ssh
