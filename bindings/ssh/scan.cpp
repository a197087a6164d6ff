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

/// New keys of a host are trusted beside one that is known; where none of those was shown, or another one in its place,
/// they are no more than what that one is.
void doubt_new_keys(const Plan& plan, std::vector<ScannedKey>& keys) {
  const auto has = [&keys](KeyStatus status) {
    return std::any_of(keys.begin(), keys.end(), [status](const ScannedKey& key) { return key.status == status; });
  };
  const bool was_known =
      std::any_of(plan.known_keys.begin(), plan.known_keys.end(), [](const KnownKey& key) { return !key.revoked; });
  if (!has(KeyStatus::changed) && (!was_known || has(KeyStatus::known))) return;
  for (ScannedKey& key : keys) {
    if (key.status == KeyStatus::unknown) key.status = KeyStatus::changed;
  }
}

}  // namespace

Awaitable<std::vector<ScannedKey>> scan_host(Call& call, Plan plan) {
  Progress progress{.plan = std::move(plan)};
  std::vector<ScannedKey> keys;
  std::optional<Error> failed;
  for (const char* type :
       {"ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa"}) {
    std::string preference = host_key_preference({type});
    if (std::string_view(type) == "ssh-rsa" && !has_rsa_sha2()) continue;
    try {
      const auto session = co_await exchange_keys(call, net::direct_route(), progress, std::move(preference));
      ScannedKey scanned{progress.plan.known_as, host_key_of(*session), KeyStatus::unknown};
      scanned.status = status_of(progress.plan, scanned.key);
      keys.push_back(std::move(scanned));
      session->close();
    } catch (const Error& error) {
      failed = error;
    }
    // What was not looked at to its end is not told half. Who does not answer will not answer for another type.
    if (failed && (failed->code() == "ssh.unreachable" || call.stop().stopped())) throw Error(*failed);
  }
  if (keys.empty() && failed) throw Error(*failed);
  doubt_new_keys(progress.plan, keys);
  co_return keys;
}

}  // namespace opshost::ssh
