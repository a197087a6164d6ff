#include "bindings/ssh/command.hpp"

#include <algorithm>
#include <utility>

#include "bindings/net/background_call.hpp"
#include "bindings/ssh/job_answer.hpp"
#include "bindings/ssh/remote_command.hpp"
#include "host/base/output_text.hpp"
#include "host/lua/value_of.hpp"

namespace opshost::ssh {

namespace {

constexpr std::size_t kShownCommand = 200;
/// To look for the processes and tell of them, beside the time they get to exit. Shorter than what the host gives a
/// stopped call (Context::unwind_within, 5 s): what came of it has to be told before that.
constexpr Duration kKillTime = std::chrono::seconds(4);
/// For the channel of a command whose processes are gone.
constexpr Duration kEndTime = std::chrono::seconds(1);

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

/// It only says that the call was stopped.
bool is_stop(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const Error& error) {
    return error.code() == "cancelled";
  } catch (const std::exception&) {
    return false;
  }
}

/// Ends what a stopped call has begun, over another channel. Goes on although the call was stopped.
class Ending {
 public:
  Ending(Call& call, std::shared_ptr<Connection> connection, const RunOptions& options, StoppedCommand& stopped)
      : background_(std::make_shared<net::BackgroundCall>(call)),
        connection_(std::move(connection)),
        options_(options),
        stopped_(stopped) {
    background_->stop_after(options.grace + kKillTime, background_);
  }

  Awaitable<void> run(RemoteCommand& remote, const CommandToken& token, const AsJob& job) {
    bool found = false;
    try {
      if (!job.name.empty()) found = co_await stop_job(job.name);
      const Duration grace = job.name.empty() ? options_.grace : Duration::zero();
      found = co_await kill_marked(token, grace) || found;
    } catch (const Error& error) {
      stopped_.kill_failed = background_->stop().stopped() ? "the host did not answer in time" : error.message();
    }
    if (stopped_.kill_failed || !stopped_.not_killed.empty()) co_return;
    background_->stop_after(std::min<Duration>(kEndTime, background_->deadline() - Clock::now()), background_);
    if (co_await remote.ends(*background_)) co_return;
    stopped_.kill_failed = found ? "its channel has not ended" : "its processes were not found";
  }

 private:
  /// The answer of the host's script; whether there was something to end.
  Awaitable<bool> stop_job(std::string name) {
    const auto tenths = std::chrono::duration_cast<std::chrono::milliseconds>(options_.grace).count() / 100;
    Command script = job_command("stop", name, {std::to_string(tenths)});
    CommandResult answer = co_await ask(std::move(script));
    const JobStatus status = take_answer(*connection_, name, answer).status;
    if (status.state == JobState::running) {
      stopped_.not_killed.push_back("pid " + std::to_string(status.pid.value_or(0)) + " (job " + name + ")");
    }
    co_return status.state != JobState::never_began;
  }

  Awaitable<bool> kill_marked(const CommandToken& token, Duration grace) {
    Command script{{"/bin/sh", "-c", kill_script(token, grace)}, {}};
    const CommandResult result = co_await ask(std::move(script));
    LineSplitter lines;
    lines.feed(result.output);
    lines.finish();
    while (auto line = lines.next()) {
      if (*line == kNothingFound) co_return false;
      stopped_.not_killed.push_back(std::move(*line));
    }
    co_return true;
  }

  /// Where no channel is free, over a second connection.
  Awaitable<CommandResult> ask(Command script) {
    RunOptions how;
    how.as_user = options_.as_user;
    how.as_user_password = options_.as_user_password;
    how.accept = AnyExitCode::any;
    std::optional<Error> refused;
    CommandResult result;
    try {
      result = co_await run_quietly(*background_, connection_, script, how, false);
    } catch (const Error& error) {
      if (error.code() != "ssh.channel") throw;
      refused = error;
    }
    if (!refused) co_return result;
    const auto second = connection_->second();
    std::optional<Error> failed;
    try {
      result = co_await run_quietly(*background_, second, std::move(script), std::move(how), false);
    } catch (const Error& error) {
      failed = error;
    }
    second->close();
    if (failed) {
      throw Error(failed->code(), "no channel is free for it, and of a second connection: " + failed->message());
    }
    co_return result;
  }

  std::shared_ptr<net::BackgroundCall> background_;
  std::shared_ptr<Connection> connection_;
  const RunOptions& options_;
  StoppedCommand& stopped_;
};

}  // namespace

void throw_unless_accepted(const Connection& connection, const Command& command, const AcceptedCodes& accepted,
                           const CommandResult& result) {
  if (accepts_all(accepted)) return;
  if (result.signal) throw signal_error(connection, command, result);
  if (!accepts(accepted, *result.exit_code)) throw exit_error(connection, command, accepted, result);
}

Error directory_error(const Connection& connection, const RunOptions& options, const CommandResult& result) {
  return Error("ssh.cwd", connection.name() + ": cwd " + describe(Value(*options.cwd)) + " cannot be entered" +
                              what_it_wrote("", result.errors.substr(0, result.errors.find("opshost:"))))
      .on(connection.name())
      .with(value_of(result));
}

Awaitable<CommandResult> run_quietly(Call& call, std::shared_ptr<Connection> connection, Command command,
                                     RunOptions options, bool waits) {
  const CommandToken token;
  RemoteCommand remote(call, *connection, options, token);
  std::string line = command_line(command, options, token);
  co_await remote.begin(std::move(line), waits);
  co_await remote.hold();
  if (!remote.complete()) {
    call.saw(connection->name() + ": command: the host had not answered");
    throw Error("cancelled", connection->name() + ": command: stopped while the host had not answered")
        .on(connection->name())
        .maybe_applied();
  }
  co_return remote.finish();
}

Awaitable<CommandResult> run_command(Call& call, std::shared_ptr<Connection> connection, Command command,
                                     RunOptions options, AsJob job) {
  check_command(command, options);
  const CommandToken token;
  RemoteCommand remote(call, *connection, options, token, job.mark);
  std::string line = command_line(command, options, token);

  std::exception_ptr failure;
  try {
    co_await remote.begin(std::move(line));
    co_await remote.hold();
  } catch (const std::exception&) {
    failure = std::current_exception();
  }
  if (!remote.complete() && remote.was_sent() && call.stop().stopped()) {
    const StopReason reason = call.stop().reason();
    StoppedCommand stopped = remote.stopped();
    if (!job.name.empty() && reason == StopReason::interrupted) {
      call.saw("it goes on there, as the job " + job.name);
      Session::throw_stopped();
    }
    Ending ending(call, connection, options, stopped);
    co_await ending.run(remote, token, job);
    call.saw("the command was still running");
    if (failure && !is_stop(failure)) std::rethrow_exception(failure);
    throw stopped_error(*connection, job.name.empty() ? command : job.command,
                        reason == StopReason::timeout ? options.timeout : std::nullopt, stopped);
  }
  if (failure) std::rethrow_exception(failure);
  const bool no_directory = options.cwd && remote.found_no_directory();
  CommandResult result = remote.finish();
  if (no_directory) throw directory_error(*connection, options, result);
  throw_unless_accepted(*connection, command, options.accept, result);
  co_return result;
}

}  // namespace opshost::ssh
