#include "bindings/ssh/command_line.hpp"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "host/base/error.hpp"

namespace opshost::ssh {

namespace {

bool is_plain(char letter) {
  return std::isalnum(static_cast<unsigned char>(letter)) != 0 ||
         std::string_view("_-./:=@%+,").find(letter) != std::string_view::npos;
}

bool is_variable_name(std::string_view name) {
  return !name.empty() && std::isdigit(static_cast<unsigned char>(name.front())) == 0 &&
         std::all_of(name.begin(), name.end(), [](char letter) {
           return letter == '_' || std::isalnum(static_cast<unsigned char>(letter)) != 0;
         });
}

bool has_nul(std::string_view text) { return text.find('\0') != std::string_view::npos; }

[[noreturn]] void refuse(const std::string& what) { throw Error("usage.argument", what); }

std::string in_quotes(std::string_view word) {
  std::string text = "'";
  for (const char letter : word) {
    if (letter == '\'') {
      text += "'\\''";
    } else {
      text += letter;
    }
  }
  return text + "'";
}

/// Assignments and the words of the command.
std::string simple_command(const Command& command, const RunOptions& options, const CommandToken& token) {
  std::string line = token.assignment();
  for (const auto& [name, value] : options.env) line += " " + name + "=" + quoted(value);
  // A name of a program with "=" would be one more assignment.
  const bool looks_assigned = command.argv.front().find('=') != std::string::npos;
  for (const std::string& word : command.argv) {
    line += " " + (looks_assigned && &word == &command.argv.front() ? in_quotes(word) : quoted(word));
  }
  return line;
}

std::string in_directory(const RunOptions& options, const CommandToken& token, const std::string& line) {
  if (!options.cwd) return line;
  return "cd -- " + quoted(*options.cwd) + " || { echo " + token.no_directory() + " >&2; exit 125; }; " + line;
}

}  // namespace

std::string quoted(std::string_view word) {
  if (!word.empty() && std::all_of(word.begin(), word.end(), is_plain)) return std::string(word);
  return in_quotes(word);
}

std::string random_token() {
  std::array<unsigned char, 12> bytes{};
  // So few bytes come at once and whole.
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    throw Error("ssh.system", "the operating system gives no random bytes");
  }
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const unsigned char byte : bytes) {
    text += kDigits[byte >> 4U];
    text += kDigits[byte & 15U];
  }
  return text;
}

void check_command(const Command& command, const RunOptions& options) {
  if (command.argv.empty() || command.argv.front().empty()) {
    refuse("the command is empty: give a program, as in {\"uname\", \"-a\"}");
  }
  for (std::size_t i = 0; i < command.argv.size(); ++i) {
    if (has_nul(command.argv[i])) {
      refuse("word " + std::to_string(i + 1) + " of the command has a NUL byte, which no program can be given");
    }
  }
  for (const auto& [name, value] : options.env) {
    if (!is_variable_name(name)) refuse("env: " + describe(Value(name)) + " is no name of a variable");
    if (has_nul(value)) refuse("env." + name + " has a NUL byte, which no program can be given");
  }
  if (options.cwd && (options.cwd->empty() || has_nul(*options.cwd))) {
    refuse("cwd is " + describe(Value(*options.cwd)) + ", which is no path");
  }
  if (options.as_user && (options.as_user->empty() || has_nul(*options.as_user))) {
    refuse("as_user is " + describe(Value(*options.as_user)) + ", which is no name of a user");
  }
}

std::string command_line(const Command& command, const RunOptions& options, const CommandToken& token) {
  std::string line = in_directory(options, token, simple_command(command, options, token));
  if (options.as_user) {
    // Its own word when it begins, so that stdin is not given to sudo, which would take a line of it for a password.
    const std::string inner = "echo " + token.began() + " >&2; " + line;
    line = token.assignment() + " sudo -S -p " + token.password_wanted() + " -u " + quoted(*options.as_user) +
           " -- /bin/sh -c " + quoted(inner);
  }
  if (line.size() > kLongestLine) {
    refuse("the command is " + format_size(Size{line.size()}) + " with all that goes with it, and " +
           format_size(Size{kLongestLine}) + " can be sent: give what is large by stdin or in a file");
  }
  return line;
}

// What carries the token is its; so is whatever else runs in such a session. Where nothing carries it, its environment
// was taken away (sudo, env -i): then it is what runs over this connection and has no other command's token, if that is
// one.
std::string kill_script(const CommandToken& token, Duration grace) {
  const auto tenths = std::chrono::duration_cast<std::chrono::milliseconds>(grace).count() / 100;
  return "token='" + token.pattern() + "' any='" + CommandToken::any_pattern() + "' tenths=" + std::to_string(tenths) +
         R"sh(
[ -r /proc/self/environ ] || { echo 'its processes: this system has no /proc to find them in'; exit 0; }
# Process, parent and session of all that run.
table() { sed -n 's/^\([0-9]*\) (.*) [^ZX] \([0-9]*\) [0-9]* \([0-9]*\) .*/\1 \2 \3/p' /proc/[0-9]*/stat 2>/dev/null; }
marked() { echo $(grep -ls -e "$1" /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2>/dev/null | sed 's|^/proc/||; s|/.*||'); }
has() { case " $1 " in *" $2 "*) ;; *) return 1 ;; esac; }
all=$(table)
each() { echo "$all" | while read -r p parent s; do if "$@"; then echo "$s"; fi; done; }
is_marked() { has "$mine" "$p"; }
is_me() { [ "$p" = $$ ]; }
is_unmarked() {
  [ "$p" = "$s" ] && [ "$parent" = "$server" ] && [ "$s" != "$me" ] && ! has "$others" "$p" || return 1
  case $(cat "/proc/$p/comm" 2>/dev/null) in sshd* | sftp-server) return 1 ;; esac
}
mine=$(marked "$token")
sessions=$(each is_marked)
if [ -z "$mine" ]; then
  others=$(marked "$any")
  me=$(each is_me)
  server=$(echo "$all" | while read -r p parent s; do [ "$p" != "$me" ] || echo "$parent"; done)
  sessions=$(each is_unmarked)
  set -- $sessions
  [ $# = 1 ] || sessions=
fi
sessions=$(echo $sessions)
pids() {
  mine=$(marked "$token")
  table | while read -r p parent s; do if has "$mine" "$p" || has "$sessions" "$s"; then echo "$p"; fi; done
}
hit() { for p in $(pids); do kill -s "$1" "-$p" 2>/dev/null; kill -s "$1" "$p" 2>/dev/null; done; }
gone() { n=0; while [ -n "$(pids)" ]; do [ $n -lt "$1" ] || return 1; n=$((n + 1)); sleep 0.1; done; }
[ -n "$(pids)" ] || { echo nothing; exit 0; }
hit TERM
gone "$tenths" || { hit KILL; gone 20; }
for p in $(pids); do echo "pid $p ($(cat "/proc/$p/comm"))"; done
)sh";
}

}  // namespace opshost::ssh
