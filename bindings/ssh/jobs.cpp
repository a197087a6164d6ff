#include "bindings/ssh/jobs.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "bindings/ssh/command.hpp"
#include "bindings/ssh/command_line.hpp"
#include "bindings/ssh/job_script.hpp"
#include "bindings/ssh/pause.hpp"
#include "host/base/output_text.hpp"

namespace opshost::ssh {

namespace {

constexpr std::size_t kLongestName = 200;

/// Any text as the name of a folder: what is no plain letter is written as %XX.
std::string folder_name(const std::string& name) {
  if (name.empty()) throw Error("usage.argument", "the job has an empty name");
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string folder;
  for (const char letter : name) {
    const auto byte = static_cast<unsigned char>(letter);
    const bool plain = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                       byte == '-' || byte == '_' || (byte == '.' && !folder.empty());
    if (plain) {
      folder += letter;
    } else {
      folder += '%';
      folder += kDigits[byte >> 4U];
      folder += kDigits[byte & 15U];
    }
  }
  if (folder.size() > kLongestName) {
    throw Error("usage.argument", "the job's name is too long: " + describe(Value(name)));
  }
  return folder;
}

Command script(const std::string& verb, const std::string& name, std::vector<std::string> arguments) {
  Command command{{"/bin/sh", "-c", kJobScript, "opshost-job", verb, folder_name(name)}, {}};
  command.argv.insert(command.argv.end(), std::make_move_iterator(arguments.begin()),
                      std::make_move_iterator(arguments.end()));
  return command;
}

std::optional<std::int64_t> number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

Error script_error(const Connection& connection, const std::string& name, const CommandResult& result) {
  return Error("ssh.job_unknown", connection.name() + ": job " + name + ": the host does not answer for it" +
                                      what_it_wrote(result.output, result.errors))
      .on(connection.name());
}

/// Takes the state from the front of the script's output.
JobStatus take_status(const Connection& connection, const std::string& name, CommandResult& result) {
  const std::size_t end = result.output.find('\n');
  const std::string line = result.output.substr(0, end);
  if (end == std::string::npos) throw script_error(connection, name, result);
  const std::size_t space = line.find(' ');
  const std::string word = line.substr(0, space);
  const std::string rest = space == std::string::npos ? std::string() : line.substr(space + 1);
  JobStatus status;
  if (word == "running") {
    status.state = JobState::running;
    status.pid = number(rest);
  } else if (word == "ended" && number(rest)) {
    status.state = JobState::ended;
    status.exit_code = number(rest);
  } else if (word == "unknown") {
    status.state = JobState::unknown;
    status.reason = rest;
  } else if (word == "noplace") {
    throw Error("ssh.job_unknown", connection.name() + ": job " + name + ": neither ~/.opshost nor " + rest +
                                       " can be written by this login: give one of them to it")
        .on(connection.name());
  } else if (word != "never") {
    throw script_error(connection, name, result);
  }
  result.output.erase(0, end + 1);
  return status;
}

/// The result of a job's end, in the shape of any command's.
CommandResult result_of(const Connection& connection, const std::string& name, CommandResult result) {
  const JobStatus status = take_status(connection, name, result);
  if (status.state != JobState::ended) {
    throw Error("ssh.job_unknown", connection.name() + ": job " + name + ": " +
                                       status.reason.value_or("it did not begin") + "; look there what it has done")
        .on(connection.name())
        .maybe_applied(status.state == JobState::unknown);
  }
  result.exit_code = status.exit_code;
  result.signal.reset();
  return result;
}

std::string bytes_text(Size size) { return std::to_string(size.bytes); }

std::vector<std::string> with_directory(const std::optional<std::string>& cwd, const Command& command) {
  std::vector<std::string> arguments{cwd.value_or("")};
  arguments.insert(arguments.end(), command.argv.begin(), command.argv.end());
  return arguments;
}

Awaitable<JobStatus> ask(Call& call, std::shared_ptr<Connection> connection, std::string name, Command command,
                         RunOptions how) {
  how.accept = AnyExitCode::any;
  CommandResult result = co_await run_quietly(call, connection, std::move(command), std::move(how));
  co_return take_status(*connection, name, result);
}

Error wait_error(const Connection& connection, const std::string& name, Duration timeout, const JobStatus& seen) {
  return Error("wait.timeout", connection.name() + ": job " + name + " had not ended after " +
                                   format_duration(timeout) + "; it runs on (pid " +
                                   std::to_string(seen.pid.value_or(0)) + ")")
      .on(connection.name())
      .with(ValueMap{{"seen", "running"}});
}

}  // namespace

Awaitable<JobStatus> Job::status(Call& call) {
  Command command = script("status", name_, {});
  RunOptions how;
  co_return co_await ask(call, connection_, name_, std::move(command), std::move(how));
}

Awaitable<CommandResult> Job::wait_exited(Call& call, JobWaitOptions options) {
  const auto connection = connection_;
  const std::string name = name_;
  const TimePoint give_up = Clock::now() + options.timeout;
  for (JobStatus now = co_await status(call); now.state == JobState::running; now = co_await status(call)) {
    call.saw("job " + name + " runs (pid " + std::to_string(now.pid.value_or(0)) + ")");
    // Before the host's own limit, which knows no code of ours.
    if (Clock::now() + options.every >= give_up) throw wait_error(*connection, name, options.timeout, now);
    co_await pause(call, options.every);
  }
  Command command = script("wait", name, {bytes_text(options.max_output)});
  RunOptions how;
  how.max_output = Size{options.max_output.bytes + 4096};
  CommandResult answer = co_await run_quietly(call, connection, std::move(command), std::move(how));
  CommandResult result = result_of(*connection, name, std::move(answer));
  const Command shown{{"job " + name}, "job " + name};
  throw_unless_accepted(*connection, shown, options.accept, result);
  co_return result;
}

Awaitable<JobStatus> Job::stop(Call& call, JobStopOptions options) {
  const auto tenths = std::chrono::duration_cast<std::chrono::milliseconds>(options.grace).count() / 100;
  Command command = script("stop", name_, {std::to_string(tenths)});
  RunOptions how;
  co_return co_await ask(call, connection_, name_, std::move(command), std::move(how));
}

Awaitable<void> Job::forget(Call& call) {
  const auto connection = connection_;
  const std::string name = name_;
  Command command = script("forget", name, {});
  RunOptions how;
  const JobStatus status = co_await ask(call, connection, name, std::move(command), std::move(how));
  if (status.state == JobState::running) {
    throw Error("ssh.job_running", connection->name() + ": job " + name + " runs (pid " +
                                       std::to_string(status.pid.value_or(0)) + "): stop it first")
        .on(connection->name());
  }
}

Awaitable<std::shared_ptr<Job>> start_job(Call& call, std::shared_ptr<Connection> connection, std::string name,
                                          Command command, JobOptions options) {
  RunOptions how;
  how.input = std::move(options.input);
  how.env = std::move(options.env);
  check_command(command, how);
  Command starting = script("start", name, with_directory(options.cwd, command));
  const JobStatus status = co_await ask(call, connection, name, std::move(starting), std::move(how));
  if (status.pid) call.note("pid", *status.pid);
  co_return std::make_shared<Job>(connection, name);
}

Awaitable<CommandResult> run_tracked(Call& call, std::shared_ptr<Connection> connection, std::string name,
                                     Command command, RunOptions options) {
  check_command(command, options);
  Command running = script("run", name, {bytes_text(options.max_output)});
  for (std::string& word : with_directory(options.cwd, command)) running.argv.push_back(std::move(word));
  call.note("job", name);
  const AcceptedCodes accepted = options.accept;
  options.cwd.reset();
  options.accept = AnyExitCode::any;
  options.max_output = Size{options.max_output.bytes + 4096};
  CommandResult answer = co_await run_command(call, connection, std::move(running), std::move(options));
  CommandResult result = result_of(*connection, name, std::move(answer));
  throw_unless_accepted(*connection, command, accepted, result);
  co_return result;
}

}  // namespace opshost::ssh
