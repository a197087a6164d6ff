#pragma once
// What goes over as one line for the login's shell there (any POSIX one).
#include <string>
#include <string_view>

#include "bindings/ssh/command_options.hpp"
#include "host/base/command.hpp"

namespace opshost::ssh {

/// One word, as a shell reads it back.
std::string quoted(std::string_view word);

/// 24 hexadecimal digits that nobody can guess.
std::string random_token();

/// How a running command and its processes are found again, and what it says to us on stderr beside its own output.
class CommandToken {
 public:
  /// "OPSHOST_COMMAND=5f3a...": in the environment of all its processes.
  [[nodiscard]] std::string assignment() const { return "OPSHOST_COMMAND=" + text_; }
  /// A regular expression for it that does not match itself.
  [[nodiscard]] std::string pattern() const { return any_pattern() + text_; }
  /// The same for the token of any command.
  static std::string any_pattern() { return "[O]PSHOST_COMMAND="; }
  [[nodiscard]] std::string password_wanted() const { return "opshost:" + text_ + ":password"; }
  [[nodiscard]] std::string began() const { return "opshost:" + text_ + ":began"; }
  [[nodiscard]] std::string no_directory() const { return "opshost:" + text_ + ":cwd"; }

 private:
  std::string text_ = random_token();
};

/// What libssh2 sends at once, less what stands around it.
inline constexpr std::size_t kLongestLine = 32U * 1024U;

/// Throws Error("usage.argument") for what no shell can be given.
void check_command(const Command& command, const RunOptions& options);
/// Throws Error("usage.argument") where it is longer than kLongestLine.
std::string command_line(const Command& command, const RunOptions& options, const CommandToken& token);
/// Ends every process that carries the token, and its session: SIGTERM, after `grace` SIGKILL. Writes a line for each
/// that is left, or kNothingFound where there was none.
std::string kill_script(const CommandToken& token, Duration grace);
inline constexpr std::string_view kNothingFound = "nothing";

}  // namespace opshost::ssh
