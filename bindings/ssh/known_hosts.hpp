#pragma once
// The known_hosts files of OpenSSH: plain and hashed names, patterns, [host]:port, @revoked.
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace opshost::ssh {

struct KnownKey {
  std::string type;  ///< "ssh-ed25519"
  std::string key;   ///< the public key's bytes
  bool revoked = false;
  std::string file;
  int line = 0;
};

/// What one file holds.
class KnownHosts {
 public:
  /// Lines that are none are skipped, as OpenSSH does; so are certificate authorities, which libssh2 cannot use.
  static KnownHosts parse(std::string_view text, const std::string& file);

  /// The keys of a host as the files name it: "db1" for port 22, "[db1]:2222" for others. Revoked keys stand under
  /// every name whose pattern they have.
  [[nodiscard]] std::vector<KnownKey> keys_of(const std::string& name) const;

 private:
  struct Entry {
    std::string names;
    KnownKey key;
  };
  std::vector<Entry> entries_;
};

/// "db1" or "[db1]:2222".
std::string known_name(const std::string& host, int port);
/// A line for known_hosts.
std::string known_line(const std::string& name, std::string_view public_key);

}  // namespace opshost::ssh
