#include "bindings/ssh/tracked.hpp"

#include <utility>

#include "bindings/net/background_call.hpp"
#include "bindings/ssh/command.hpp"
#include "bindings/ssh/command_line.hpp"
#include "bindings/ssh/job_answer.hpp"
#include "host/lua/value_of.hpp"

namespace opshost::ssh {

namespace {

/// To let the host forget a command, while its fiber waits: else it forgets by itself in a week.
constexpr Duration kForgetTime = std::chrono::seconds(2);

/// The connection that the script has to that host, or a new one where it can be opened without what the journal does
/// not have.
std::shared_ptr<Connection> connection_of(const Call& call, const TrackedNote& note) {
  if (auto known = Connection::find(call.executor(), [&note](const Connection& connection) {
        const ConnectOptions& options = connection.options();
        return options.host == note.host && options.port == note.port && options.user == note.user &&
               connection.via_name() == note.via;
      })) {
    return known;
  }
  if (note.via) {
    throw Error("ssh.unreachable", "host " + note.host + " is reached through " + *note.via +
                                       ", which the script has not connected to yet: nobody can be asked");
  }
  ConnectOptions options;
  options.host = note.host;
  options.port = note.port;
  options.user = note.user;
  options.key = note.key;
  options.known_hosts = note.known_hosts;
  options.host_key = note.host_key;
  return Connection::shared(call.executor(), options);
}

RunOptions as_owner(const TrackedNote& note) {
  RunOptions how;
  how.as_user = note.as_user;
  how.accept = AnyExitCode::any;
  return how;
}

Awaitable<void> forget(Call& call, std::shared_ptr<Connection> connection, std::string name, RunOptions how) {
  const auto background = std::make_shared<net::BackgroundCall>(call);
  background->stop_after(kForgetTime, background);
  try {
    Command command = job_command("forget", name, {});
    co_await run_quietly(*background, std::move(connection), std::move(command), std::move(how));
  } catch (const Error&) {
    // It keeps a small folder for a week then.
  }
}

void forget_after_outcome(Call& call, const std::shared_ptr<Connection>& connection, const std::string& name,
                          const RunOptions& options) {
  RunOptions how;
  how.as_user = options.as_user;
  how.as_user_password = options.as_user_password;
  how.accept = AnyExitCode::any;
  call.after_outcome([&call, connection, name, how] { return forget(call, connection, name, how); });
}

Awaitable<TrackedAnswer> answer_of(Call& call, TrackedNote note, AskOptions options) {
  const auto connection = connection_of(call, note);
  Job job(connection, note.name, JobOwner{.as_user = note.as_user});
  const JobStatus status = co_await job.status(call);
  TrackedAnswer answer{.state = status.state, .reason = status.reason, .result = {}};
  const bool has_end = status.state == JobState::running || status.state == JobState::ended;
  if (note.kind == "job" || !has_end) co_return answer;
  JobWaitOptions wait;
  wait.timeout = options.timeout;
  if (note.accept) {
    wait.accept = *note.accept;
  } else {
    wait.accept = AnyExitCode::any;
  }
  answer.result = co_await job.wait_exited(call, std::move(wait));
  answer.state = JobState::ended;
  co_return answer;
}

}  // namespace

Value tracked_note(const Connection& connection, const std::string& kind, const std::string& name,
                   const RunOptions& options) {
  const ConnectOptions& how = connection.options();
  TrackedNote note;
  note.kind = kind;
  note.name = name;
  note.host = how.host;
  note.port = how.port;
  note.user = how.user;
  note.key = how.key;
  note.known_hosts = how.known_hosts;
  note.host_key = how.host_key;
  note.via = connection.via_name();
  note.as_user = options.as_user;
  if (const auto* codes = std::get_if<ExitCodeList>(&options.accept)) note.accept = *codes;
  return value_of(note);
}

std::optional<Tracking> tracking_of(const Call& call, const RunOptions& options) {
  if (options.tracked) {
    if (const auto* name = std::get_if<std::string>(&*options.tracked)) return Tracking{.name = *name};
    if (!std::get<bool>(*options.tracked)) return std::nullopt;
  }
  const bool in_step = !call.change_key().empty();
  if (!options.tracked && (!in_step || options.pty)) return std::nullopt;
  std::string name = "opshost." + (in_step ? call.change_key() : random_token());
  return Tracking{.name = std::move(name), .by_default = !options.tracked, .forget = true};
}

Awaitable<CommandResult> run_tracked(Call& call, std::shared_ptr<Connection> connection, Tracking tracking,
                                     Command command, RunOptions options) {
  check_command(command, options);
  const AsJob job{.name = tracking.name, .mark = options.on_line ? random_token() : std::string(), .command = command};
  RunOptions plain = options;
  Command running = job_command("run", job.name, {std::to_string(options.max_output.bytes), job.mark});
  for (std::string& word : begin_arguments(command, options)) running.argv.push_back(std::move(word));
  Value note = tracked_note(*connection, "run", job.name, options);
  const std::string key(kTrackedNote);
  co_await call.note_durably(key, std::move(note));
  options.cwd.reset();
  options.env.clear();
  options.accept = AnyExitCode::any;
  options.max_output = Size{options.max_output.bytes + kStateLine};
  std::optional<Error> failed;
  CommandResult answer;
  try {
    answer = co_await run_command(call, connection, std::move(running), std::move(options), job);
  } catch (const Error& error) {
    failed = error;
  }
  if (failed) {
    // It was ended: nobody will ask for it.
    if (tracking.forget && failed->code() == "ssh.timeout") forget_after_outcome(call, connection, job.name, plain);
    throw Error(*failed);
  }
  std::string why = no_place(answer);
  if (tracking.by_default && !why.empty()) {
    connection->cannot_track = why;
    auto pending = run_untracked(call, connection, std::move(command), std::move(plain), std::move(why));
    auto untracked = co_await std::move(pending);
    co_return untracked;
  }
  JobResult ended = result_of(*connection, job.name, std::move(answer), plain.max_output, job.mark);
  if (tracking.forget) forget_after_outcome(call, connection, job.name, plain);
  if (ended.no_directory) throw directory_error(*connection, plain, ended.result);
  throw_unless_accepted(*connection, command, plain.accept, ended.result);
  co_return std::move(ended.result);
}

Awaitable<CommandResult> run_untracked(Call& call, std::shared_ptr<Connection> connection, Command command,
                                       RunOptions options, std::string why) {
  Value reason(std::move(why));
  const std::string key(kUntrackedNote);
  co_await call.note_durably(key, std::move(reason));
  // Named: g++ 12 destroys twice what is a temporary in an awaited call.
  AsJob none;
  auto result =
      co_await run_command(call, std::move(connection), std::move(command), std::move(options), std::move(none));
  co_return result;
}

Awaitable<TrackedAnswer> ask_tracked(Call& call, TrackedNote note, AskOptions options) {
  std::optional<Error> failed;
  try {
    auto answer = co_await answer_of(call, note, options);
    co_return answer;
  } catch (const Error& error) {
    failed = error;
  }
  // It is the command's failure, whoever asks for it.
  if (failed->op().empty()) failed->set_op("Host:run");
  throw Error(*failed);
}

Awaitable<void> forget_tracked(Call& call, TrackedNote note) {
  auto connection = connection_of(call, note);
  std::string name = note.name;
  RunOptions how = as_owner(note);
  co_await forget(call, std::move(connection), std::move(name), std::move(how));
}

}  // namespace opshost::ssh
