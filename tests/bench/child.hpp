#pragma once
// Other programs, and what they take.
#include <sys/types.h>

#include <string>
#include <vector>

namespace opshost::bench {

using Words = std::vector<std::string>;

/// What one process took.
struct Usage {
  double wall_ms = 0;
  double cpu_ms = 0;
  double resident_mib = 0;
  int exit_code = 0;
};

/// Ends the bench with exit code 2.
[[noreturn]] void give_up(const std::string& problem);

/// Starts a program found in PATH, with nothing on its standard input and its errors dropped.
pid_t start(const Words& command, int standard_output);
/// Until it has ended; `began` is in seconds on the wall.
Usage wait_for(pid_t child, double began);
/// Runs a program to its end, its output dropped; gives up where it fails.
Usage run(const Words& command);

}  // namespace opshost::bench
