#pragma once
// The errors of running a program: who, what, what was observed, what to do.
#include <string>
#include <vector>

#include "bindings/local/process.hpp"
#include "bindings/local/process_tree.hpp"
#include "bindings/local/spawn.hpp"
#include "host/base/error.hpp"

namespace opshost::local {

/// The command for a message: one line, not too long.
std::string shown(const Command& command);

Error exit_error(const Command& command, const AcceptedCodes& accepted, const CommandResult& result);
Error signal_error(const Command& command, const CommandResult& result);
/// `timeout` is what ran out; nullopt: it was stopped for another reason.
Error stopped_error(const Command& command, std::optional<Duration> timeout, const StoppedCommand& stopped);
Error no_other_user_error(const std::string& wanted);
/// Looks at the file system to say what is wrong: blocking work.
Error spawn_error(const SpawnRequest& request, const SpawnFailure& failure);

/// "pid 71 (java)"
std::string shown(const ProcessEntry& process);
/// "SIGKILL"; "signal 200" where it has no name.
std::string signal_name(int number);

}  // namespace opshost::local
