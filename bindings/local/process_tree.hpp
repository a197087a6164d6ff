#pragma once
// Who belongs to a process we started: everything in its session, and every descendant of it.
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace opshost::local {

struct ProcessEntry {
  pid_t pid = 0;
  pid_t parent = 0;
  pid_t session = 0;
  std::uint64_t started = 0;  ///< ticks since boot: tells a process from a later one with its pid
  std::string name;
};

/// Reads /proc: blocking work. Without zombies and without the leader itself. `known` are members found before, which
/// stay members although their parents have gone.
std::vector<ProcessEntry> members_of(pid_t leader, const std::vector<ProcessEntry>& known);

/// nullopt: there is no such process, or only its zombie.
std::optional<ProcessEntry> find_process(pid_t pid);

/// Sends a signal to each that still is who it was.
void signal_all(const std::vector<ProcessEntry>& members, int signal);

}  // namespace opshost::local
