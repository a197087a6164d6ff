#pragma once
// Where a test kills the process. OPSHOST_KILL_AT=N sends SIGKILL at the N-th point the process passes;
// OPSHOST_KILL_LOG=FILE appends the name of each point passed, so that a test can count and print them. Without these
// variables a point is one comparison.

namespace opshost {

/// `name` says what has just happened: "journal.written".
void fault_point(const char* name);

}  // namespace opshost
