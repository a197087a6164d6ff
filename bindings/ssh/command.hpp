#pragma once
// Running commands on a host.
#include <memory>

#include "bindings/ssh/command_options.hpp"
#include "bindings/ssh/connection.hpp"
#include "host/base/command.hpp"

namespace opshost::ssh {

/// How a job is run that the host keeps.
struct AsJob {
  std::string name{};  ///< empty: it is none
  std::string mark{};  ///< stands behind its output; what follows is not for `on_line`
  Command command{};   ///< what errors show
};

/// Runs a command to its end. A stopped call ends it there with all it started: SIGTERM, after `grace` SIGKILL; also a
/// job that another call has begun. Only when we were interrupted a job goes on.
///
/// Throws Error with code
///   usage.argument   a word, variable or path no program can be given
///   ssh.exit         another exit code than those accepted (detail: CommandResult)
///   ssh.signal       ended by a signal that was not ours (detail: CommandResult)
///   ssh.timeout      not ended in time, and killed (detail: StoppedCommand)
///   ssh.cwd          `cwd` cannot be entered
///   ssh.as_user      sudo does not let us
///   ssh.lost         the connection was lost while it ran
/// and what keeps a connection from being opened.
Awaitable<CommandResult> run_command(Call& call, std::shared_ptr<Connection> connection, Command command,
                                     RunOptions options, AsJob job = {});

/// The same whatever its exit code; nothing is killed: a stopped call may have done what was asked. `waits`: for a free
/// channel; else there may be Error("ssh.channel").
Awaitable<CommandResult> run_quietly(Call& call, std::shared_ptr<Connection> connection, Command command,
                                     RunOptions options, bool waits = true);

Error directory_error(const Connection& connection, const RunOptions& options, const CommandResult& result);
void throw_unless_accepted(const Connection& connection, const Command& command, const AcceptedCodes& accepted,
                           const CommandResult& result);

}  // namespace opshost::ssh
