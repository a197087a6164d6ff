#pragma once
// What OpenSSH's ssh_config says of a host: the keywords that opshost honours.
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/time.hpp"

namespace opshost::ssh {

struct ClientConfig {
  std::optional<std::string> host_name;
  std::optional<std::uint16_t> port;
  std::optional<std::string> user;
  std::optional<std::string> host_key_alias;
  std::optional<std::string> proxy_jump;      ///< "user@jump1:22,jump2"; "none" leaves it empty
  std::optional<std::string> proxy_command;   ///< empty: "none"
  std::optional<std::string> identity_agent;  ///< its socket, "SSH_AUTH_SOCK", "$VARIABLE" or "none"
  std::optional<Duration> connect_timeout;    ///< zero: none of its own
  std::optional<Duration> alive_every;
  std::vector<std::string> identity_files;
  std::vector<std::string> known_hosts_files;
  bool identities_only = false;
};

/// Reads the files in order; the first value of a keyword counts, IdentityFile adds up. `Host` and `Match host`, `Match
/// all` are understood; what any other `Match` holds is left out. `read` gives a file's text (Include), nullopt where
/// there is none. Throws Error("ssh.config") for a value that cannot be one.
class ClientConfigReader {
 public:
  using ReadFile = std::function<std::optional<std::string>(const std::string& path)>;

  ClientConfigReader(std::string host, std::string home, ReadFile read);

  void add_file(const std::string& path);
  [[nodiscard]] ClientConfig take() { return std::move(config_); }

 private:
  void add_text(std::string_view text, const std::string& path, int depth);
  void set(const std::string& keyword, const std::vector<std::string>& values, const std::string& where);
  void include(const std::vector<std::string>& patterns, const std::string& from, int depth);
  [[nodiscard]] bool matches(const std::vector<std::string>& words) const;
  [[nodiscard]] std::string expand(const std::string& path) const;

  std::string host_;
  std::string home_;
  ReadFile read_;
  ClientConfig config_;
  bool applies_ = true;
};

/// One hop of ProxyJump.
struct JumpHop {
  std::optional<std::string> user;
  std::string host;
  std::optional<std::uint16_t> port;
};
std::vector<JumpHop> jump_hops(std::string_view text);

}  // namespace opshost::ssh
