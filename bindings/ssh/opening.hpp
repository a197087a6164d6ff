#pragma once
// From nothing to a session that is logged in.
#include <memory>
#include <string>

#include "bindings/ssh/errors.hpp"
#include "bindings/ssh/local_files.hpp"
#include "bindings/ssh/session.hpp"
#include "host/fiber/call.hpp"

namespace opshost::ssh {

/// How far an opening is, for messages.
struct Progress {
  Plan plan;
  Stage stage = Stage::config;

  [[nodiscard]] std::string name() const { return plan.name(); }
  /// "lab@db1: auth: MESSAGE", with the record of a failed connection.
  [[nodiscard]] Error failure(const std::string& code, const std::string& message) const;
};

/// Connected, the keys exchanged with a host key of one of the preferred types; it is not checked.
Awaitable<std::shared_ptr<Session>> exchange_keys(Call& call, std::shared_ptr<net::Route> route, Progress& progress,
                                                  std::string preference);
/// The host key is checked, nobody is logged in yet. `route`: the way there.
Awaitable<std::shared_ptr<Session>> shake_hands(Call& call, const ConnectOptions& options,
                                                std::shared_ptr<net::Route> route, Progress& progress);
/// Logs in: keys, agent, password, keyboard-interactive, whatever there is.
Awaitable<void> authenticate(Call& call, const ConnectOptions& options, Session& session, Progress& progress);

/// The key the server showed.
struct HostKey {
  std::string key;
  std::string type;
  std::string fingerprint;
};
HostKey host_key_of(const Session& session);

}  // namespace opshost::ssh
