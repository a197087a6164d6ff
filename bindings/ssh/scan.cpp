#include "bindings/ssh/scan.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "bindings/ssh/library.hpp"

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
void doubt_new_keys(const Plan& plan, const std::vector<std::string>& asked, HostScan& scan) {
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

}  // namespace

Awaitable<HostScan> scan_host(Call& call, Plan plan) {
  Progress progress{.plan = std::move(plan)};
  HostScan scan;
  std::vector<std::string> asked;
  std::optional<Error> failed;
  for (const std::string type :
       {"ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa"}) {
    if (!is_worth_asking(progress.plan, type)) continue;
    std::string preference = host_key_preference({type});
    bool shown = false;
    try {
      const auto session = co_await exchange_keys(call, net::direct_route(), progress, std::move(preference));
      ScannedKey scanned{progress.plan.known_as, host_key_of(*session), KeyStatus::unknown};
      scanned.status = status_of(progress.plan, scanned.key);
      scan.keys.push_back(std::move(scanned));
      session->close();
      shown = true;
    } catch (const Error& error) {
      failed = error;
    }
    if (call.stop().stopped()) {
      const std::string waited = humanize_duration(progress.plan.connect_timeout);
      failed = progress.failure("ssh.unreachable", "no answer within " + waited + " (connect_timeout)");
    }
    // What was not looked at to its end is not told half. Who does not answer will not answer for another type.
    if (failed && (failed->code() == "ssh.unreachable" || call.stop().stopped())) throw Error(*failed);
    // An RSA key that is not shown may only be refused to us.
    if (shown || type != "ssh-rsa" || has_rsa_sha2()) asked.push_back(type);
  }
  if (scan.keys.empty() && failed) throw Error(*failed);
  doubt_new_keys(progress.plan, asked, scan);
  co_return scan;
}

}  // namespace opshost::ssh
