#pragma once
// Commands that outlive our connection: the host keeps pid, output and exit code of each in a folder under a name, and
// answers for it after a lost link or a crash of ours.
#include <memory>
#include <optional>
#include <string>

#include "bindings/ssh/command_options.hpp"
#include "bindings/ssh/connection.hpp"
#include "host/base/command.hpp"
#include "host/fiber/stream.hpp"

namespace opshost::ssh {

enum class JobState : std::uint8_t { never_began, running, ended, unknown };
OPSHOST_ENUM(JobState, "What became of a job", (never_began, "never_began"), (running, "running"), (ended, "ended"),
             (unknown, "unknown"))

struct JobStatus {
  JobState state = JobState::never_began;
  std::optional<std::int64_t> pid{};
  std::optional<std::int64_t> exit_code{};
  std::optional<std::string> reason{};
};
OPSHOST_RECORD(JobStatus, "What the host knows of a job", (state, "what became of it"),
               (pid, "of one that runs: leader of its process group"),
               (exit_code, "of one that ended; 128 and the signal's number where one ended it"),
               (reason, "of one that nobody can tell of: why"))

struct JobOptions {
  std::string input{};
  std::map<std::string, std::string> env{};
  std::optional<std::string> cwd{};
  std::optional<std::string> as_user{};
  Secret as_user_password{};
  bool repeatable = false;
};
OPSHOST_RECORD(JobOptions, "How to start a job",
               (input, "bytes it reads from its stdin; without it stdin is empty", named("stdin")),
               (env, "environment variables to set; they stand on the command line there, so no secrets"),
               (cwd, "directory it starts in; the login's home unless given"),
               (as_user, "user it becomes, by sudo; the job is that user's"),
               (as_user_password, "what sudo asks for, an ops.secret; goes over stdin"),
               (repeatable, "sent again it ends in the same state, so a resume may send it again"))

struct JobOwner {
  std::optional<std::string> as_user{};
  Secret as_user_password{};
};
OPSHOST_RECORD(JobOwner, "Whose a job is", (as_user, "user it became, by sudo; the login's unless given"),
               (as_user_password, "what sudo asks for, an ops.secret; goes over stdin"))

struct JobWaitOptions {
  Duration timeout = std::chrono::seconds(60);
  Duration every = std::chrono::seconds(1);
  AcceptedCodes accept = ExitCodeList{0};
  Size max_output = 16_MiB;
};
OPSHOST_RECORD(JobWaitOptions, "How to wait for the end of a job", (timeout, "how long we wait; it goes on after that"),
               (every, "pause between looks"), (accept, "exit codes that are an answer and no failure, or \"any\""),
               (max_output, "bytes kept of each output; of more, the end is kept"))

struct FollowOptions {
  Duration timeout = std::chrono::seconds(60);
  Duration every = std::chrono::milliseconds(500);
};
OPSHOST_RECORD(FollowOptions, "How to follow a job", (timeout, "how long we wait for each line; it goes on after that"),
               (every, "pause between looks"))

struct JobLine {
  std::string stream{};
  std::string text{};
};
OPSHOST_RECORD(JobLine, "A line that a job wrote", (stream, "\"stdout\" or \"stderr\""),
               (text, "without its end; what is longer than 1MiB comes in pieces"))

struct JobStopOptions {
  Duration grace = std::chrono::seconds(10);
};
OPSHOST_RECORD(JobStopOptions, "How to stop a job", (grace, "time to exit after SIGTERM before SIGKILL"))

class Job {
 public:
  Job(std::shared_ptr<Connection> connection, std::string name, JobOwner owner = {})
      : connection_(std::move(connection)), name_(std::move(name)), owner_(std::move(owner)) {}

  [[nodiscard]] std::string subject() const { return "job " + name_ + " on host " + connection_->options().host; }

  Awaitable<JobStatus> status(Call& call);
  /// Its output and its end. Throws ssh.exit, ssh.job_unknown, wait.timeout.
  Awaitable<CommandResult> wait_exited(Call& call, JobWaitOptions options);
  /// What it writes, from its beginning, line by line, until its end. Of a job that never began: nothing.
  [[nodiscard]] Stream<JobLine> follow(FollowOptions options) const;
  Awaitable<JobStatus> stop(Call& call, JobStopOptions options);
  /// The host forgets it. Throws ssh.job_running.
  Awaitable<void> forget(Call& call);

 private:
  Awaitable<void> until_ended(Call& call, JobWaitOptions options);
  [[nodiscard]] RunOptions as_owner() const;

  std::shared_ptr<Connection> connection_;
  std::string name_;
  JobOwner owner_;
};

/// Begins it, unless a job of that name has begun: then that one is it.
Awaitable<std::shared_ptr<Job>> start_job(Call& call, std::shared_ptr<Connection> connection, std::string name,
                                          Command command, JobOptions options);

}  // namespace opshost::ssh
