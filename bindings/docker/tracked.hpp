#pragma once
// Programs in containers whose end was not heard of: what the journal has of them, and what a resume asks the engine.
#include <memory>
#include <optional>
#include <string>

#include "bindings/docker/exec.hpp"

namespace opshost::docker {

/// How a later process asks for a run: no secret. One through an ssh connection is asked over what the script has
/// connected to by then.
struct TrackedNote {
  std::string module = "docker";
  std::string kind = "run";
  std::string exec_id{};
  std::string container{};
  std::string engine{};
  std::string endpoint{};
  bool tls = false;
  std::optional<std::string> ca_file{};
  std::optional<std::string> cert_file{};
  std::optional<std::string> key_file{};
  bool verify = true;
  std::optional<std::string> via{};
  std::optional<ExitCodeList> accept{};
};
OPSHOST_RECORD(TrackedNote, "A program in a container that an engine can be asked for", (module, "who asks"),
               (kind, "\"run\""), (exec_id, "the engine's name for it"), (container, "the name of the container"),
               (engine, "the engine, as messages name it"), (endpoint, "where it listens"), (tls, "over TLS"),
               (ca_file, "file of the authorities"), (cert_file, "file of our certificate"),
               (key_file, "file of its key"), (verify, "whether the engine's certificate is verified"),
               (via, "the host it is reached through"),
               (accept, "exit codes that are no failure; every one unless given"))

/// Key of the note in the journal that a resume reads.
inline constexpr std::string_view kTrackedNote = "tracked";

Value tracked_note(const Container& container, const std::string& exec_id, const AcceptedCodes& accept);

enum class RunState : std::uint8_t { never_began, running, ended, unknown };
OPSHOST_ENUM(RunState, "What became of a program", (never_began, "never_began"), (running, "running"), (ended, "ended"),
             (unknown, "unknown"))

struct TrackedAnswer {
  RunState state = RunState::unknown;
  std::optional<std::string> reason{};
  std::optional<CommandResult> result{};
};
OPSHOST_RECORD(TrackedAnswer, "What became of a program that was run in a container", (state, "what became of it"),
               (reason, "why nobody can tell"),
               (result, "of one that ended: its exit code; what it wrote, nobody kept"))

struct AskOptions {
  Duration timeout = std::chrono::seconds(60);
};
OPSHOST_RECORD(AskOptions, "How long to ask", (timeout, "for one that runs to end"))

/// Waits for its end. Throws docker.exit for an exit code that was not accepted, wait.timeout, and what keeps the
/// engine from being asked.
Awaitable<TrackedAnswer> ask_tracked(Call& call, TrackedNote note, AskOptions options);

}  // namespace opshost::docker
