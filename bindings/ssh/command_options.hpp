#pragma once
// Commands on a host: how to run one, and what comes back.
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "host/base/secret.hpp"
#include "host/base/size.hpp"
#include "host/fiber/callback.hpp"
#include "host/lua/accepted_codes.hpp"
#include "host/lua/record.hpp"

namespace opshost::ssh {

/// true, false, or the name it is tracked under.
using TrackedChoice = std::variant<bool, std::string>;

struct RunOptions {
  std::string input{};
  std::map<std::string, std::string> env{};
  std::optional<std::string> cwd{};
  std::optional<std::string> as_user{};
  Secret as_user_password{};
  bool pty = false;
  AcceptedCodes accept = ExitCodeList{0};
  std::optional<Duration> timeout{};
  Duration grace = std::chrono::seconds(2);
  Size max_output = 16_MiB;
  Callback<std::string, std::string> on_line{};
  std::optional<TrackedChoice> tracked{};
  bool repeatable = false;
};
OPSHOST_RECORD(RunOptions, "How to run a command on a host",
               (input, "bytes it reads from its stdin; without it stdin is empty", named("stdin")),
               (env, "environment variables to set; they stand on the command line there, so no secrets"),
               (cwd, "directory it starts in; the login's home unless given"), (as_user, "user it becomes, by sudo"),
               (as_user_password, "what sudo asks for, an ops.secret; goes over stdin"),
               (pty, "give it a terminal; stderr then arrives as stdout"),
               (accept, "exit codes that are an answer and no failure, or \"any\""),
               (timeout,
                "how long we wait; then it is ended with everything it started; the connection's, or 60s and `grace`, "
                "unless given"),
               (grace, "time to exit after SIGTERM before SIGKILL, when it has to be ended"),
               (max_output, "bytes kept of each output; of more, the end is kept"),
               (on_line,
                "called with each line and \"stdout\" or \"stderr\" while it runs; lines over 1MiB come in pieces"),
               (tracked,
                "of `run`: let the host keep its pid, output and exit code, so that it goes on when the connection is "
                "lost and can be asked for; a name: run again under it, the answer is that of the first one; true "
                "unless given in a procedure's step, where the host has setsid and a place to write and no pty is "
                "asked for: a resume then asks the host what became of it. Its output is kept on the host's disk until "
                "the answer is recorded"),
               (repeatable, "of `run`: sent again it ends in the same state, so a resume may send it again"))

struct CommandResult {
  std::optional<std::int64_t> exit_code{};
  std::optional<std::string> signal{};
  std::string output{};
  std::string errors{};
  std::uint64_t output_dropped = 0;
  std::uint64_t errors_dropped = 0;
  Duration duration{};
};
OPSHOST_RECORD(CommandResult, "What a command answered", (exit_code, "its exit code; nil where a signal ended it"),
               (signal, "the signal that ended it: \"SIGKILL\""),
               (output, "what it wrote to stdout, or the end of it", named("stdout")),
               (errors, "what it wrote to stderr, or the end of it", named("stderr")),
               (output_dropped, "bytes of stdout beyond max_output, from its start, that are not here",
                named("stdout_dropped")),
               (errors_dropped, "bytes of stderr beyond max_output, from its start, that are not here",
                named("stderr_dropped")),
               (duration, "from sending it to its end, in seconds"))

struct StoppedCommand {
  std::string output{};
  std::string errors{};
  Duration duration{};
  std::vector<std::string> not_killed{};
  std::optional<std::string> kill_failed{};
};
OPSHOST_RECORD(StoppedCommand, "A command that was ended before it answered",
               (output, "what it had written to stdout, or the end of it", named("stdout")),
               (errors, "what it had written to stderr, or the end of it", named("stderr")),
               (duration, "from sending it to its end, in seconds"),
               (not_killed, "what of it could not be ended: \"pid 71 (java)\""),
               (kill_failed, "why nobody could look for it: it may still run"))

}  // namespace opshost::ssh
