#include "bindings/ssh/scan.hpp"

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
    // Who does not answer at all will not answer for another type.
    if (failed && failed->code() == "ssh.unreachable") break;
  }
  if (keys.empty() && failed) throw Error(*failed);
  co_return keys;
}

}  // namespace opshost::ssh
