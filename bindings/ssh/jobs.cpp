#include "bindings/ssh/jobs.hpp"

#include <utility>

#include "bindings/ssh/command.hpp"
#include "bindings/ssh/command_line.hpp"
#include "bindings/ssh/job_answer.hpp"
#include "bindings/ssh/pause.hpp"
#include "bindings/ssh/tracked.hpp"
#include "host/base/output.hpp"

namespace opshost::ssh {

namespace {

/// Of each output in one look.
constexpr std::size_t kMostALook = 1U << 20U;

Awaitable<JobStatus> ask(Call& call, std::shared_ptr<Connection> connection, std::string name, Command command,
                         RunOptions how) {
  how.accept = AnyExitCode::any;
  CommandResult result = co_await run_quietly(call, connection, std::move(command), std::move(how));
  co_return take_answer(*connection, name, result).status;
}

Error wait_error(const Connection& connection, const std::string& name, Duration timeout,
                 const std::optional<JobStatus>& seen) {
  const std::string last =
      seen ? "it runs on (pid " + std::to_string(seen->pid.value_or(0)) + ")" : "the host has not answered for it";
  return Error("wait.timeout",
               connection.name() + ": job " + name + " had not ended after " + format_duration(timeout) + "; " + last)
      .on(connection.name())
      .with(ValueMap{{"seen", seen ? "running" : "no answer"}});
}

}  // namespace

RunOptions Job::as_owner() const {
  RunOptions how;
  how.as_user = owner_.as_user;
  how.as_user_password = owner_.as_user_password;
  return how;
}

Awaitable<JobStatus> Job::status(Call& call) {
  Command command = job_command("status", name_, {});
  RunOptions how = as_owner();
  co_return co_await ask(call, connection_, name_, std::move(command), std::move(how));
}

Awaitable<void> Job::until_ended(Call& call, JobWaitOptions options) {
  const auto connection = connection_;
  const std::string name = name_;
  std::optional<JobStatus> seen;
  try {
    for (;;) {
      JobStatus now = co_await status(call);
      if (now.state != JobState::running) co_return;
      seen = std::move(now);
      call.saw("job " + name + " runs (pid " + std::to_string(seen->pid.value_or(0)) + ")");
      co_await pause(call, options.every);
    }
  } catch (const Error&) {
    if (call.stop().reason() != StopReason::timeout) throw;
    throw wait_error(*connection, name, options.timeout, seen);
  }
}

Awaitable<CommandResult> Job::wait_exited(Call& call, JobWaitOptions options) {
  const auto connection = connection_;
  const std::string name = name_;
  co_await until_ended(call, options);
  Command command = job_command("wait", name, {std::to_string(options.max_output.bytes)});
  RunOptions how = as_owner();
  how.max_output = Size{options.max_output.bytes + kStateLine};
  CommandResult answer = co_await run_quietly(call, connection, std::move(command), std::move(how));
  JobResult job = result_of(*connection, name, std::move(answer), options.max_output);
  const Command shown{{"job " + name}, "job " + name};
  throw_unless_accepted(*connection, shown, options.accept, job.result);
  co_return std::move(job.result);
}

Awaitable<JobStatus> Job::stop(Call& call, JobStopOptions options) {
  const auto tenths = std::chrono::duration_cast<std::chrono::milliseconds>(options.grace).count() / 100;
  Command command = job_command("stop", name_, {std::to_string(tenths)});
  RunOptions how = as_owner();
  co_return co_await ask(call, connection_, name_, std::move(command), std::move(how));
}

Awaitable<void> Job::forget(Call& call) {
  const auto connection = connection_;
  const std::string name = name_;
  Command command = job_command("forget", name, {});
  RunOptions how = as_owner();
  const JobStatus status = co_await ask(call, connection, name, std::move(command), std::move(how));
  if (status.state == JobState::running) {
    throw Error("ssh.job_running", connection->name() + ": job " + name + " runs (pid " +
                                       std::to_string(status.pid.value_or(0)) + "): stop it first")
        .on(connection->name());
  }
}

namespace {

/// Where in its output a script is that follows a job. Looks again and again, so that a lost connection loses nothing.
class Follower {
 public:
  Follower(std::shared_ptr<Connection> connection, std::string name, RunOptions as_owner, FollowOptions options)
      : connection_(std::move(connection)), name_(std::move(name)), as_owner_(std::move(as_owner)), options_(options) {}

  Awaitable<std::optional<JobLine>> next(Call& call) {
    while (true) {
      if (auto line = take(output_, "stdout")) co_return line;
      if (auto line = take(errors_, "stderr")) co_return line;
      if (ended_ && last_.state == JobState::unknown) throw unknown_job(*connection_, name_, last_);
      if (ended_) co_return std::nullopt;
      co_await look(call);
      if (!ended_ && !output_.lines.has_line() && !errors_.lines.has_line()) co_await pause(call, options_.every);
    }
  }

 private:
  struct Output {
    std::uint64_t offset = 0;
    LineSplitter lines;
  };

  static std::optional<JobLine> take(Output& output, const char* stream) {
    auto text = output.lines.next();
    if (!text) return std::nullopt;
    return JobLine{.stream = stream, .text = std::move(*text)};
  }

  Awaitable<void> look(Call& call) {
    Command command = job_command(
        "since", name_, {std::to_string(output_.offset), std::to_string(errors_.offset), std::to_string(kMostALook)});
    RunOptions how = as_owner_;
    how.max_output = Size{kMostALook + kStateLine};
    CommandResult answer = co_await run_quietly(call, connection_, std::move(command), std::move(how));
    last_ = take_answer(*connection_, name_, answer).status;
    feed(output_, answer.output);
    feed(errors_, answer.errors);
    ended_ = last_.state != JobState::running && answer.output.size() < kMostALook && answer.errors.size() < kMostALook;
    if (!ended_) co_return;
    output_.lines.finish();
    errors_.lines.finish();
  }

  static void feed(Output& output, const std::string& bytes) {
    output.offset += bytes.size();
    output.lines.feed(bytes);
  }

  std::shared_ptr<Connection> connection_;
  std::string name_;
  RunOptions as_owner_;
  FollowOptions options_;
  JobStatus last_;
  Output output_;
  Output errors_;
  bool ended_ = false;
};

}  // namespace

Stream<JobLine> Job::follow(FollowOptions options) const {
  auto follower = std::make_shared<Follower>(connection_, name_, as_owner(), options);
  return Stream<JobLine>([follower](Call& call) { return follower->next(call); });
}

Awaitable<std::shared_ptr<Job>> start_job(Call& call, std::shared_ptr<Connection> connection, std::string name,
                                          Command command, JobOptions options) {
  RunOptions how;
  how.input = std::move(options.input);
  how.env = std::move(options.env);
  how.cwd = std::move(options.cwd);
  how.as_user = options.as_user;
  how.as_user_password = options.as_user_password;
  check_command(command, how);
  Command starting = job_command("start", name, begin_arguments(command, how));
  if (!call.change_key().empty()) {
    Value note = tracked_note(*connection, "job", name, how);
    const std::string key(kTrackedNote);
    co_await call.note_durably(key, std::move(note));
  }
  how.env.clear();
  const auto cwd = std::exchange(how.cwd, std::nullopt);
  how.accept = AnyExitCode::any;
  CommandResult answer = co_await run_quietly(call, connection, std::move(starting), std::move(how));
  const JobAnswer job = take_answer(*connection, name, answer);
  if (job.status.state == JobState::never_began) throw unknown_job(*connection, name, job.status);
  if (job.status.pid) call.note("pid", *job.status.pid);
  co_return std::make_shared<Job>(connection, name, JobOwner{options.as_user, options.as_user_password});
}

}  // namespace opshost::ssh
