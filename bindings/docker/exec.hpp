#pragma once
// Programs run in a container.
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "bindings/docker/container.hpp"
#include "bindings/net/secret_text.hpp"
#include "host/base/command.hpp"
#include "host/fiber/callback.hpp"
#include "host/lua/accepted_codes.hpp"

namespace opshost::docker {

struct RunOptions {
  net::SecretText input{};
  std::map<std::string, net::SecretText> env{};
  std::optional<std::string> cwd{};
  std::optional<std::string> as_user{};
  bool tty = false;
  AcceptedCodes accept = ExitCodeList{0};
  Duration timeout = std::chrono::seconds(60);
  Duration grace = std::chrono::seconds(2);
  Size max_output = 16_MiB;
  Callback<std::string, std::string> on_line{};
  bool repeatable = false;
};
OPSHOST_RECORD(
    RunOptions, "How to run a program in a container",
    (input,
     "bytes it reads from its stdin, which ends there; without it stdin is empty. With a terminal the end is "
     "the character its line discipline takes for it (Ctrl-D)",
     named("stdin")),
    (env, "environment variables to set beside those of the container"),
    (cwd, "directory it starts in; the container's own unless given"),
    (as_user, "user it runs as: \"admin\", \"1000:1000\"; the container's own unless given"),
    (tty, "give it a terminal; both outputs then come as stdout"),
    (accept, "exit codes that are an answer and no failure, or \"any\""),
    (timeout,
     "how long we wait; then it is ended with everything it started, which needs sh and grep in the "
     "container"),
    (grace, "time to exit after SIGTERM before SIGKILL, when it has to be ended"),
    (max_output, "bytes kept of each output; of more, the end is kept"),
    (on_line, "called with each line and \"stdout\" or \"stderr\" while it runs; lines over 1MiB come in pieces"),
    (repeatable, "of `run`: sent again it ends in the same state, so a resume may send it again"))

struct CommandResult {
  std::int64_t exit_code = 0;
  std::string output{};
  std::string errors{};
  std::uint64_t output_dropped = 0;
  std::uint64_t errors_dropped = 0;
  Duration duration{};
  std::string exec_id{};
};
OPSHOST_RECORD(CommandResult, "What a program in a container answered",
               (exit_code, "its exit code; 128 and the signal's number where a signal ended it"),
               (output, "what it wrote to stdout, or the end of it", named("stdout")),
               (errors, "what it wrote to stderr, or the end of it", named("stderr")),
               (output_dropped, "bytes of stdout beyond max_output, from its start, that are not here",
                named("stdout_dropped")),
               (errors_dropped, "bytes of stderr beyond max_output, from its start, that are not here",
                named("stderr_dropped")),
               (duration, "from its start to its end, in seconds"), (exec_id, "the engine's name for this run"))

struct StoppedCommand {
  std::string exec_id{};
  std::string output{};
  std::string errors{};
  Duration duration{};
  bool ended = false;
  std::optional<std::string> problem{};
};
OPSHOST_RECORD(StoppedCommand, "A program that was ended before it answered",
               (exec_id, "the engine's name for this run"),
               (output, "what it had written to stdout, or the end of it", named("stdout")),
               (errors, "what it had written to stderr, or the end of it", named("stderr")),
               (duration, "from its start to its end, in seconds"), (ended, "false: it may still run"),
               (problem, "what kept us from ending it"))

struct ExecStatus {
  std::string id{};
  std::string container_id{};
  bool running = false;
  std::optional<std::int64_t> exit_code{};
  std::optional<std::int64_t> pid{};
  std::vector<std::string> argv{};
};
OPSHOST_RECORD(ExecStatus, "A run of a program in a container, as the engine remembers it", (id, "its id"),
               (container_id, "the container"), (running, "it has not ended yet"),
               (exit_code, "nil while it runs, and where it never began"),
               (pid, "of its process, as the host counts; nil: it never began"), (argv, "what it runs"))

// Container::run runs a program in a container to its end. The id of the run is noted ("exec_id") before it starts. A
// stopped call ends the program with all it started: SIGTERM, after `grace` SIGKILL.

/// nullopt: the engine has forgotten it, as it does when the container ends or the engine restarts.
Awaitable<std::optional<ExecStatus>> find_exec(Call& call, std::shared_ptr<Connection> engine, std::string id);

}  // namespace opshost::docker
