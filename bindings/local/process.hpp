#pragma once
// Programs run on this machine.
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "host/base/command.hpp"
#include "host/fiber/callback.hpp"
#include "host/lua/accepted_codes.hpp"
#include "host/lua/record.hpp"

namespace opshost::local {

struct RunOptions {
  std::string input{};
  std::map<std::string, std::string> env{};
  std::optional<std::string> cwd{};
  std::optional<std::string> as_user{};
  AcceptedCodes accept = ExitCodeList{0};
  Duration timeout = std::chrono::seconds(60);
  Duration grace = std::chrono::seconds(2);
  Size max_output = 16_MiB;
  Callback<std::string, std::string> on_line{};
  bool repeatable = false;
};
OPSHOST_RECORD(RunOptions, "How to run a program",
               (input, "bytes it reads from its stdin; without it stdin is empty", named("stdin")),
               (env, "environment variables to set beside those opshost has"),
               (cwd, "directory it starts in; opshost's own unless given"),
               (as_user, "user it becomes, with that user's groups, HOME, USER, LOGNAME and SHELL; only root can"),
               (accept, "exit codes that are an answer and no failure, or \"any\""),
               (timeout, "how long we wait; then it is ended with everything it started"),
               (grace, "time to exit after SIGTERM before SIGKILL, when it has to be ended"),
               (max_output, "bytes kept of each output; of more, the end is kept"),
               (on_line,
                "called with each line and \"stdout\" or \"stderr\" while it runs; lines over 1MiB come in pieces"),
               (repeatable, "of `run`: sent again it ends in the same state, so a resume may send it again"))

struct CommandResult {
  std::optional<std::int64_t> exit_code{};
  std::optional<std::string> signal{};
  std::string output{};
  std::string errors{};
  std::uint64_t output_dropped = 0;
  std::uint64_t errors_dropped = 0;
  Duration duration{};
  bool left_behind = false;
};
OPSHOST_RECORD(CommandResult, "What a program answered", (exit_code, "its exit code; nil where a signal ended it"),
               (signal, "the signal that ended it: \"SIGKILL\""),
               (output, "what it wrote to stdout, or the end of it", named("stdout")),
               (errors, "what it wrote to stderr, or the end of it", named("stderr")),
               (output_dropped, "bytes of stdout beyond max_output, from its start, that are not here",
                named("stdout_dropped")),
               (errors_dropped, "bytes of stderr beyond max_output, from its start, that are not here",
                named("stderr_dropped")),
               (duration, "from its start to its end, in seconds"),
               (left_behind,
                "a process it started still holds stdout or stderr: what that one writes from now on is lost, and may "
                "end it (SIGPIPE); redirect the output of what is meant to stay"))

struct StoppedCommand {
  std::int64_t pid = 0;
  std::string output{};
  std::string errors{};
  Duration duration{};
  std::vector<std::string> not_killed{};
};
OPSHOST_RECORD(StoppedCommand, "A program that was ended before it answered", (pid, "the process id it had"),
               (output, "what it had written to stdout, or the end of it", named("stdout")),
               (errors, "what it had written to stderr, or the end of it", named("stderr")),
               (duration, "from its start to its end, in seconds"),
               (not_killed, "what of it could not be ended: \"pid 71 (java)\""))

/// Runs a program to its end. A stopped call ends it with all it started: SIGTERM, after `grace` SIGKILL.
///
/// Throws Error with code
///   usage.argument      a word, variable or path no program can be given
///   local.not_found     no such program, or its interpreter is missing
///   local.permission    it may not be executed, or we may not become `as_user`
///   local.cwd           `cwd` cannot be entered
///   local.user_unknown  no user `as_user`
///   local.exit          another exit code than those accepted (detail: CommandResult)
///   local.signal        ended by a signal that was not ours (detail: CommandResult)
///   local.timeout       not ended in time, and killed (detail: StoppedCommand)
///   local.system        no process, memory or descriptor left (detail: SystemFailure)
Awaitable<CommandResult> run_process(Call& call, Command command, RunOptions options);

}  // namespace opshost::local
