#pragma once
// fork and exec, from a process with threads.
#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "bindings/local/accounts.hpp"
#include "host/base/descriptor.hpp"

namespace opshost::local {

struct SpawnRequest {
  std::vector<std::string> argv;
  std::vector<std::string> candidates;   ///< files to try as the program, in this order
  std::vector<std::string> environment;  ///< all of it, as NAME=value
  std::string cwd;                       ///< empty: ours
  std::optional<Account> account;        ///< whom it becomes; nullopt: it stays whom we are
  bool feeds_stdin = false;              ///< else it reads from /dev/null
};

/// A child in a session and process group of its own, both named by its pid. Our ends of its pipes do not block.
struct Spawned {
  pid_t pid = 0;
  Descriptor stdin_pipe;
  Descriptor stdout_pipe;
  Descriptor stderr_pipe;
  Descriptor report;  ///< for spawn_failure
};

enum class SpawnStage : int { session, descriptors, account, cwd, exec };
struct SpawnFailure {
  SpawnStage stage = SpawnStage::exec;
  int error = 0;
};

/// Forks at once and does not wait for the exec. Throws Error("local.system") where there is no pipe or process left.
Spawned spawn(SpawnRequest request);

/// Of a child that has ended: why its program never began. nullopt: it did.
std::optional<SpawnFailure> spawn_failure(const Descriptor& report);

}  // namespace opshost::local
