#include "bindings/ssh/library.hpp"

#include <libssh2.h>

#include <algorithm>
#include <array>

namespace opshost::ssh {

bool has_rsa_sha2() {
  static const bool has = libssh2_version(0x010b00) != nullptr;
  return has;
}

std::string library_name() { return std::string("libssh2 ") + libssh2_version(0); }

std::string host_key_preference(const std::vector<std::string>& known_types) {
  struct Algorithm {
    const char* name;
    const char* key_type;
  };
  static constexpr std::array kAlgorithms{
      Algorithm{"ssh-ed25519", "ssh-ed25519"},
      Algorithm{"ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256"},
      Algorithm{"ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384"},
      Algorithm{"ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521"},
      Algorithm{"rsa-sha2-512", "ssh-rsa"},
      Algorithm{"rsa-sha2-256", "ssh-rsa"},
      Algorithm{"ssh-rsa", "ssh-rsa"},
  };
  std::string preference;
  for (const Algorithm& algorithm : kAlgorithms) {
    const bool wanted = known_types.empty() ||
                        std::find(known_types.begin(), known_types.end(), algorithm.key_type) != known_types.end();
    const bool possible = has_rsa_sha2() || !std::string_view(algorithm.name).starts_with("rsa-sha2");
    if (wanted && possible) preference += (preference.empty() ? "" : ",") + std::string(algorithm.name);
  }
  return preference;
}

}  // namespace opshost::ssh
