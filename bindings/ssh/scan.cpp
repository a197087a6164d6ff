#include "bindings/ssh/scan.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "bindings/ssh/connection.hpp"
#include "bindings/ssh/library.hpp"
#include "bindings/ssh/shorter_call.hpp"

namespace opshost::ssh {

namespace {

KeyStatus status_of(const Plan& plan, const HostKey& shown) {
  KeyStatus status = KeyStatus::unknown;
  for (const KnownKey& key : plan.known_keys) {
    if (key.key == shown.key) return key.revoked ? KeyStatus::changed : KeyStatus::known;
    if (key.type == shown.type) status = KeyStatus::changed;
  }
  return status;
}

bool is_among(const std::vector<std::string>& types, const std::string& type) {
  return std::find(types.begin(), types.end(), type) != types.end();
}

/// New keys of a host are trusted beside one that is known; where none of those was shown, or another one in its place,
/// they are no more than what that one is. Of those that could not be asked for it says nothing.
void doubt_new_keys(const Plan& plan, const std::vector<std::string>& asked, HostKeys& scan) {
  const auto has = [&scan](KeyStatus status) {
    return std::any_of(scan.keys.begin(), scan.keys.end(),
                       [status](const ScannedKey& key) { return key.status == status; });
  };
  bool was_known = false;
  std::vector<std::string> unchecked;
  for (const KnownKey& key : plan.known_keys) {
    if (key.revoked) continue;
    was_known = was_known || is_among(asked, key.type);
    if (!is_among(asked, key.type) && !is_among(unchecked, key.type)) unchecked.push_back(key.type);
  }
  if (!was_known) scan.unchecked = std::move(unchecked);
  if (!has(KeyStatus::changed) && (!was_known || has(KeyStatus::known))) return;
  for (ScannedKey& key : scan.keys) {
    if (key.status == KeyStatus::unknown) key.status = KeyStatus::changed;
  }
}

/// Without rsa-sha2 there is only SHA-1 to ask for an RSA key, which most servers refuse: for one that is known it is
/// tried, so as to tell whether it changed.
bool is_worth_asking(const Plan& plan, const std::string& type) {
  if (type != "ssh-rsa" || has_rsa_sha2()) return true;
  return std::any_of(plan.known_keys.begin(), plan.known_keys.end(),
                     [&type](const KnownKey& key) { return !key.revoked && key.type == type; });
}

ScannedKey scanned(const Plan& plan, const HostKey& shown) {
  std::string line = known_line(plan.known_as, shown.key);
  line.erase(line.find_last_not_of('\n') + 1);
  return {
      .type = shown.type, .fingerprint = shown.fingerprint, .status = status_of(plan, shown), .line = std::move(line)};
}

Awaitable<HostKeys> scan(Call& call, std::shared_ptr<net::Route> route, Progress progress) {
  const ShorterCall limited(call, progress.plan.connect_timeout);
  HostKeys scan{.known_as = progress.plan.known_as, .known_hosts = progress.plan.known_hosts_files.front()};
  std::vector<std::string> asked;
  std::optional<Error> failed;
  for (const std::string type :
       {"ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa"}) {
    if (!is_worth_asking(progress.plan, type)) continue;
    std::string preference = host_key_preference({type});
    bool shown = false;
    try {
      const auto session = co_await exchange_keys(limited.call(), route, progress, std::move(preference));
      scan.keys.push_back(scanned(progress.plan, host_key_of(*session)));
      session->close();
      shown = true;
    } catch (const Error& error) {
      failed = error;
    }
    if (call.stop().stopped()) Session::throw_stopped();
    if (limited.is_over()) {
      const std::string waited = humanize_duration(progress.plan.connect_timeout);
      failed = progress.failure("ssh.unreachable", "no answer within " + waited + " (connect_timeout)");
    }
    // What was not looked at to its end is not told half. Who does not answer will not answer for another type.
    if (failed && (failed->code() != "ssh.protocol" || limited.is_over())) throw Error(*failed);
    // An RSA key that is not shown may only be refused to us.
    if (shown || type != "ssh-rsa" || has_rsa_sha2()) asked.push_back(type);
  }
  if (scan.keys.empty() && failed) throw Error(*failed);
  doubt_new_keys(progress.plan, asked, scan);
  co_return scan;
}

}  // namespace

Awaitable<HostKeys> host_keys(Call& call, HostKeysOptions options) {
  ConnectOptions target;
  target.host = std::move(options.host);
  target.port = options.port;
  target.user = std::move(options.user);
  // Nobody logs in there.
  target.agent = false;
  target.via = std::move(options.via);
  target.known_hosts = std::move(options.known_hosts);
  target.connect_timeout = options.connect_timeout;
  const auto connection = Connection::shared(call.executor(), target);
  auto way = co_await connection->way(call);
  Progress progress{.plan = std::move(way.plan)};
  HostKeys scanned = co_await scan(call, std::move(way.route), std::move(progress));
  co_return scanned;
}

}  // namespace opshost::ssh
