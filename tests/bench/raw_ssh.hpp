#pragma once
// The least that libssh2 needs for commands on many hosts: one thread, one epoll, no host keys checked, nothing of the
// output looked at. What ssh_bench compares opshost with.
#include <string>

namespace opshost::bench {

struct RawSsh {
  std::string address_prefix;  ///< "127.9.0."
  int hosts = 0;
  int port = 0;
  std::string user;
  std::string key_file;
  int at_once = 50;
  int warm_rounds = 0;  ///< more commands on each open session, after the cold ones

  /// Connects, logs in and runs `true` on each; then the warm rounds. Ends the process where something fails. Returns
  /// the seconds that the warm rounds took.
  double run() const;
};

}  // namespace opshost::bench
