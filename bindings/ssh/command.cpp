#include "bindings/ssh/command.hpp"

#include <utility>

#include "bindings/net/background_call.hpp"
#include "bindings/ssh/remote_command.hpp"
#include "host/base/output_text.hpp"
#include "host/lua/value_of.hpp"

namespace opshost::ssh {

namespace {

constexpr std::size_t kShownCommand = 200;
/// To look for the processes and tell of them, beside the time they get to exit. Shorter than what the host gives a
/// stopped call (Context::unwind_within, 5 s): what came of it has to be told before that.
constexpr Duration kKillTime = std::chrono::seconds(4);

std::string shown(const Command& command) { return one_line(command.text(), kShownCommand); }

Error exit_error(const Connection& connection, const Command& command, const AcceptedCodes& accepted,
                 const CommandResult& result) {
  std::string message = connection.name() + ": " + shown(command) + " ended with exit code " +
                        std::to_string(result.exit_code.value_or(0));
  const auto* codes = std::get_if<ExitCodeList>(&accepted);
  if (codes != nullptr && *codes != ExitCodeList{0}) message += " (accepted: " + default_text(accepted) + ")";
  return Error("ssh.exit", message + what_it_wrote(result.output, result.errors))
      .on(connection.name())
      .with(value_of(result));
}

Error signal_error(const Connection& connection, const Command& command, const CommandResult& result) {
  return Error("ssh.signal", connection.name() + ": " + shown(command) + " was ended by " +
                                 result.signal.value_or("a signal") + what_it_wrote(result.output, result.errors))
      .on(connection.name())
      .with(value_of(result));
}

Error stopped_error(const Connection& connection, const Command& command, std::optional<Duration> timeout,
                    const StoppedCommand& stopped) {
  std::string message = connection.name() + ": " + shown(command);
  message += timeout ? " had not ended after " + format_duration(*timeout)
                     : " was stopped after " + humanize_duration(stopped.duration);
  if (stopped.kill_failed) {
    message += " and could not be killed (" + *stopped.kill_failed + "): it may still run";
  } else {
    message += " and was killed";
    std::string left;
    for (const std::string& process : stopped.not_killed) left += (left.empty() ? "" : ", ") + process;
    if (!left.empty()) message += "; could not be killed and may still run: " + left;
  }
  return Error(timeout ? "ssh.timeout" : "cancelled", message + what_it_wrote(stopped.output, stopped.errors))
      .on(connection.name())
      .maybe_applied()
      .with(value_of(stopped));
}

Error directory_error(const Connection& connection, const RunOptions& options, const CommandResult& result) {
  return Error("ssh.cwd", connection.name() + ": cwd " + describe(Value(*options.cwd)) + " cannot be entered" +
                              what_it_wrote("", result.errors.substr(0, result.errors.find("opshost:"))))
      .on(connection.name())
      .with(value_of(result));
}

/// Looks for its processes and ends them, over another channel. Goes on although the call was stopped.
Awaitable<void> kill_remote(Call& call, std::shared_ptr<Connection> connection, const RunOptions& options,
                            const CommandToken& token, StoppedCommand& stopped) {
  const auto background = std::make_shared<net::BackgroundCall>(call);
  background->stop_after(options.grace + kKillTime, background);
  RunOptions how;
  how.as_user = options.as_user;
  how.as_user_password = options.as_user_password;
  how.accept = AnyExitCode::any;
  Command script{{"/bin/sh", "-c", kill_script(token, options.grace)}, {}};
  try {
    const CommandResult result = co_await run_quietly(*background, connection, std::move(script), std::move(how));
    LineSplitter lines;
    lines.feed(result.output);
    lines.finish();
    while (auto line = lines.next()) stopped.not_killed.push_back(std::move(*line));
  } catch (const Error& error) {
    stopped.kill_failed = background->stop().stopped() ? "the host did not answer in time" : error.message();
  }
}

}  // namespace

void throw_unless_accepted(const Connection& connection, const Command& command, const AcceptedCodes& accepted,
                           const CommandResult& result) {
  if (accepts_all(accepted)) return;
  if (result.signal) throw signal_error(connection, command, result);
  if (!accepts(accepted, *result.exit_code)) throw exit_error(connection, command, accepted, result);
}

Awaitable<CommandResult> run_quietly(Call& call, std::shared_ptr<Connection> connection, Command command,
                                     RunOptions options) {
  const CommandToken token;
  RemoteCommand remote(call, *connection, options, token);
  std::string line = command_line(command, options, token);
  co_await remote.begin(std::move(line));
  co_await remote.hold();
  if (!remote.complete()) Session::throw_stopped();
  co_return co_await remote.finish();
}

Awaitable<CommandResult> run_command(Call& call, std::shared_ptr<Connection> connection, Command command,
                                     RunOptions options, AsJob job) {
  check_command(command, options);
  const CommandToken token;
  RemoteCommand remote(call, *connection, options, token, job.mark);
  std::string line = command_line(command, options, token);
  co_await remote.begin(std::move(line));

  std::exception_ptr failure;
  try {
    co_await remote.hold();
  } catch (const std::exception&) {
    failure = std::current_exception();
  }
  if (!remote.complete() && call.stop().stopped()) {
    StoppedCommand stopped = remote.stopped();
    if (!job.name.empty() && call.stop().reason() == StopReason::interrupted) {
      call.saw("it goes on there, as the job " + job.name);
      Session::throw_stopped();
    }
    co_await kill_remote(call, connection, options, token, stopped);
    call.saw("the command was still running");
    if (failure) std::rethrow_exception(failure);
    const bool timed_out = call.stop().reason() == StopReason::timeout;
    throw stopped_error(*connection, command, timed_out ? options.timeout : std::nullopt, stopped);
  }
  if (failure) std::rethrow_exception(failure);
  const bool no_directory = options.cwd && remote.found_no_directory();
  CommandResult result = co_await remote.finish();
  if (no_directory) throw directory_error(*connection, options, result);
  throw_unless_accepted(*connection, command, options.accept, result);
  co_return result;
}

}  // namespace opshost::ssh
