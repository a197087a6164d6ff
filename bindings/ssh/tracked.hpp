#pragma once
// Commands that the host keeps pid, output and exit code of while their answer is not recorded here, and what a resume
// asks of them.
#include <memory>
#include <optional>
#include <string>

#include "bindings/ssh/jobs.hpp"

namespace opshost::ssh {

/// How a later process asks for a change: what the journal has of it. No secret: who logs in by password is asked over
/// a connection that the script has opened.
struct TrackedNote {
  std::string module = "ssh";
  std::string kind{};
  std::string name{};
  std::string host{};
  std::optional<std::uint16_t> port{};
  std::optional<std::string> user{};
  std::optional<std::string> key{};
  std::optional<std::string> known_hosts{};
  std::string host_key = kStrict;
  std::optional<std::string> via{};
  std::optional<std::string> as_user{};
  std::optional<ExitCodeList> accept{};
};
OPSHOST_RECORD(TrackedNote, "A command that a host can be asked for", (module, "who asks"),
               (kind, "\"run\" or \"job\""), (name, "of the job"), (host, "as it was asked for"), (port, "its port"),
               (user, "the login"), (key, "file of the private key"), (known_hosts, "file of the host keys"),
               (host_key, "which host key it may show"), (via, "the host it is reached through"),
               (as_user, "whose job it is"), (accept, "exit codes that are no failure; every one unless given"))

/// Keys of the notes in the journal that a resume reads.
inline constexpr std::string_view kTrackedNote = "tracked";
inline constexpr std::string_view kUntrackedNote = "untracked";

/// The note of a job over this connection.
Value tracked_note(const Connection& connection, const std::string& kind, const std::string& name,
                   const RunOptions& options = {});

/// How `options.tracked` and the place of the call make a command tracked; nullopt: it is not.
struct Tracking {
  std::string name;
  bool by_default = false;  ///< an untracked command does as well
  bool forget = false;      ///< it is nobody's name: forgotten once its outcome is durable
};
std::optional<Tracking> tracking_of(const Call& call, const RunOptions& options);

/// Runs a command as a job under a name and waits for its end; where one of that name has begun, waits for that one.
Awaitable<CommandResult> run_tracked(Call& call, std::shared_ptr<Connection> connection, Tracking tracking,
                                     Command command, RunOptions options);

/// The same command without: the journal says that nobody can be asked, and why.
Awaitable<CommandResult> run_untracked(Call& call, std::shared_ptr<Connection> connection, Command command,
                                       RunOptions options, std::string why);

struct TrackedAnswer {
  JobState state = JobState::unknown;
  std::optional<std::string> reason{};
  std::optional<CommandResult> result{};
};
OPSHOST_RECORD(TrackedAnswer, "What became of a tracked command", (state, "what became of it"),
               (reason, "why nobody can tell"), (result, "of one that ended"))

struct AskOptions {
  Duration timeout = std::chrono::seconds(60);
};
OPSHOST_RECORD(AskOptions, "How long to ask", (timeout, "for one that runs to end"))

/// Waits for a command's end; of a job tells whether it is there. Throws ssh.exit for an end that was not accepted,
/// wait.timeout, and what keeps the host from being asked.
Awaitable<TrackedAnswer> ask_tracked(Call& call, TrackedNote note, AskOptions options);
/// Its outcome is recorded.
Awaitable<void> forget_tracked(Call& call, TrackedNote note);

}  // namespace opshost::ssh
