#pragma once
// What this machine keeps for SSH: configuration, known hosts, private keys. All of it reads files and may decrypt: for
// the file thread, of which there are two where one hangs on a dead disk.
#include <sys/stat.h>

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "bindings/ssh/client_config.hpp"
#include "bindings/ssh/known_hosts.hpp"
#include "bindings/ssh/private_key.hpp"
#include "bindings/ssh/settings.hpp"

namespace opshost::ssh {

struct Identity {
  std::string file;
  std::shared_ptr<const PrivateKey> key;
};

/// Everything known before the first byte goes out.
struct Plan {
  std::string asked;  ///< the host as it was asked for
  std::string host;   ///< what to connect to
  std::uint16_t port = 22;
  std::string user;
  std::string known_as;  ///< its name in known_hosts
  std::vector<KnownKey> known_keys;
  std::vector<std::string> known_hosts_files;  ///< the first takes new keys
  bool own_known_hosts = false;                ///< they are not ssh_config's or OpenSSH's own
  std::vector<Identity> identities;
  std::vector<std::string> unusable_keys;  ///< "/root/.ssh/id_rsa: ..." of those nobody asked for by name
  std::string agent;                       ///< its socket; empty: none
  std::vector<JumpHop> jumps;
  Duration connect_timeout = kConnectTimeout;
  Duration keepalive = kKeepalive;

  /// "lab@db1:2222"; the port only where it is not 22.
  [[nodiscard]] std::string name() const;
};

class LocalFiles {
 public:
  /// Throws Error: ssh.config, ssh.known_hosts, ssh.agent, ssh.key (of a key asked for by name); all of them name the
  /// host.
  Plan plan_for(const ConnectOptions& options);
  /// Adds a line to a known_hosts file, which is made where it is missing. Throws Error("ssh.known_hosts").
  static void add_known_host(const std::string& file, const std::string& line);

 private:
  /// Tells that a file is the one that was read.
  struct Stamp {
    dev_t device = 0;
    ino_t inode = 0;
    off_t size = 0;
    timespec changed{};
    bool operator==(const Stamp& other) const {
      return device == other.device && inode == other.inode && size == other.size &&
             changed.tv_sec == other.changed.tv_sec && changed.tv_nsec == other.changed.tv_nsec;
    }
  };
  struct KeptHosts {
    Stamp stamp;
    std::shared_ptr<const KnownHosts> hosts;
  };
  struct KeptKey {
    Stamp stamp;
    std::string passphrase;
    std::shared_ptr<const PrivateKey> key;
    std::optional<Error> unusable;  ///< in its place: a wrong passphrase takes as long as the right one
  };

  static ClientConfig read_config(const std::string& host);
  std::shared_ptr<const KnownHosts> known_hosts(const std::string& file);
  std::shared_ptr<const PrivateKey> private_key(const std::string& file, const std::optional<std::string>& passphrase);
  void add_identities(Plan& plan, const ConnectOptions& options, const ClientConfig& config);
  void add_known_keys(Plan& plan, const ConnectOptions& options, const ClientConfig& config);

  std::mutex mutex_;  ///< never held while a file is read
  std::map<std::string, KeptHosts> hosts_;
  std::map<std::string, KeptKey> keys_;
};

}  // namespace opshost::ssh
