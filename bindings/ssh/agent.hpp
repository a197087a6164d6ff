#pragma once
// The ssh-agent: keys that sign without being seen. Calls block: they belong on a blocking thread.
#include <string>
#include <string_view>
#include <vector>

namespace opshost::ssh {

struct AgentKey {
  std::string public_key;
  std::string comment;
};

/// What `SSH_AUTH_SOCK` names; empty where there is none.
std::string default_agent_path();
/// Throws Error("ssh.agent").
std::vector<AgentKey> agent_keys(const std::string& path);
/// A signature without the algorithm's name. For RSA the algorithm says which hash. Throws Error("ssh.agent").
std::string agent_sign(const std::string& path, const std::string& public_key, std::string_view data,
                       const std::string& algorithm);

}  // namespace opshost::ssh
