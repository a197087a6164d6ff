#include "bindings/local/process.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <string_view>
#include <utility>

#include "bindings/local/child.hpp"
#include "bindings/local/process_errors.hpp"

namespace opshost::local {

namespace {

using namespace std::chrono_literals;

/// After the program's end, for processes it left behind to close its output.
constexpr Duration kDrainTime = 500ms;
/// What is still taken, then, from one that never stops writing: turns of at most a pipe's content each.
constexpr int kDrainTurns = 32;

/// What the shell uses where there is no PATH.
constexpr std::string_view kDefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

[[noreturn]] void refuse_argument(const std::string& what) { throw Error("usage.argument", what); }

bool has_nul(std::string_view text) { return text.find('\0') != std::string_view::npos; }

void check(const Command& command, const RunOptions& options) {
  if (command.argv.empty() || command.argv.front().empty()) {
    refuse_argument("the command is empty: give a program, as in {\"uname\", \"-a\"}");
  }
  for (std::size_t i = 0; i < command.argv.size(); ++i) {
    if (has_nul(command.argv[i])) {
      refuse_argument("word " + std::to_string(i + 1) +
                      " of the command has a NUL byte, which no program can be given");
    }
  }
  for (const auto& [name, value] : options.env) {
    if (name.empty() || name.find('=') != std::string::npos || has_nul(name)) {
      refuse_argument("env: " + describe(Value(name)) + " is no name of a variable");
    }
    if (has_nul(value)) refuse_argument("env." + name + " has a NUL byte, which no program can be given");
  }
  if (options.cwd && (options.cwd->empty() || has_nul(*options.cwd))) {
    refuse_argument("cwd is " + describe(Value(*options.cwd)) + ", which is no path");
  }
  if (options.as_user && (options.as_user->empty() || has_nul(*options.as_user))) {
    refuse_argument("as_user is " + describe(Value(*options.as_user)) + ", which is no name of a user");
  }
}

std::map<std::string, std::string> environment_for(const RunOptions& options, const std::optional<Account>& account) {
  std::map<std::string, std::string> variables;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::size_t equals = text.find('=', 1);
    if (equals != std::string_view::npos)
      variables.try_emplace(std::string(text.substr(0, equals)), text.substr(equals + 1));
  }
  if (account) {
    variables["HOME"] = account->home;
    variables["SHELL"] = account->shell;
    variables["USER"] = variables["LOGNAME"] = account->name;
  }
  for (const auto& [name, value] : options.env) variables[name] = value;
  return variables;
}

/// The files execvp would try.
std::vector<std::string> candidates_for(const std::string& program, std::string_view path) {
  if (program.find('/') != std::string::npos) return {program};
  std::vector<std::string> candidates;
  for (bool more = true; more;) {
    const std::size_t colon = path.find(':');
    const std::string_view folder = path.substr(0, colon);
    candidates.push_back((folder.empty() ? "." : std::string(folder)) + '/' + program);  // empty means here
    more = colon != std::string_view::npos;
    if (more) path.remove_prefix(colon + 1);
  }
  return candidates;
}

SpawnRequest request_for(const Command& command, const RunOptions& options, std::optional<Account> account) {
  const auto variables = environment_for(options, account);
  const auto path = variables.find("PATH");
  SpawnRequest request;
  request.argv = command.argv;
  request.candidates = candidates_for(command.argv.front(), path == variables.end() ? kDefaultPath : path->second);
  for (const auto& [name, value] : variables) request.environment.push_back(name + '=' + value);
  request.cwd = options.cwd.value_or(std::string());
  request.account = std::move(account);
  request.feeds_stdin = !options.input.empty();
  return request;
}

/// Whom to become; nullopt where that is who we are.
Awaitable<std::optional<Account>> account_for(Call& call, const RunOptions& options) {
  if (!options.as_user) co_return std::nullopt;
  auto look_up = [name = *options.as_user] {
    Account account = find_account(name);
    if (geteuid() != 0 && account.uid != geteuid()) throw no_other_user_error(name);
    return account;
  };
  Account account = co_await call.blocking().run(call, std::move(look_up));
  if (geteuid() != 0) co_return std::nullopt;
  co_return account;
}

/// Output and end of a running child, until both are complete or the call is stopped.
class Conversation {
 public:
  Conversation(Call& call, Child& child, const Callback<std::string, std::string>& on_line)
      : call_(call), child_(child), on_line_(on_line) {}

  Awaitable<void> hold() {
    while (!call_.stop().stopped()) {
      co_await hand_out_lines();
      if (call_.stop().stopped() || is_over()) co_return;
      child_.read_on();
      co_await child_.changed(child_.exited() ? drained_by() : kNoDeadline);
    }
  }
  /// The program ended and its output is complete, or was given up on.
  [[nodiscard]] bool complete() const { return complete_; }
  [[nodiscard]] bool left_behind() const { return left_behind_; }

 private:
  [[nodiscard]] TimePoint drained_by() const { return child_.exited_at() + kDrainTime; }

  Awaitable<void> hand_out_lines() {
    while (auto line = child_.next_line()) {
      if (on_line_) co_await on_line_(call_, std::move(line->text), line->stream);
      if (call_.stop().stopped()) co_return;
    }
  }

  bool is_over() {
    if (!child_.exited()) return false;
    if (child_.output_open()) {
      if (Clock::now() < drained_by()) return false;
      // A slow on_line may have kept us from reading what was there in time.
      if (drain_turns_++ < kDrainTurns && child_.read_what_is_there()) {
        child_.wake();
        return false;
      }
    }
    left_behind_ = child_.output_open();
    complete_ = true;
    return true;
  }

  Call& call_;
  Child& child_;
  const Callback<std::string, std::string>& on_line_;
  int drain_turns_ = 0;
  bool left_behind_ = false;
  bool complete_ = false;
};

/// However the call ends, nobody waits for the child any more.
class Abandon {
 public:
  explicit Abandon(std::shared_ptr<Child> child) : child_(std::move(child)) {}
  ~Abandon() { child_->abandon(); }
  Abandon(const Abandon&) = delete;
  Abandon& operator=(const Abandon&) = delete;

 private:
  std::shared_ptr<Child> child_;
};

CommandResult result_of(Child& child, TimePoint began, bool left_behind) {
  const int status = child.reap();
  CommandResult result;
  if (WIFSIGNALED(status)) {
    result.signal = signal_name(WTERMSIG(status));
  } else {
    result.exit_code = WEXITSTATUS(status);
  }
  result.output_dropped = child.output().kept.dropped();
  result.errors_dropped = child.errors().kept.dropped();
  result.output = child.output().kept.take();
  result.errors = child.errors().kept.take();
  result.duration = child.exited_at() - began;
  result.left_behind = left_behind;
  return result;
}

void throw_unless_accepted(const Command& command, const AcceptedCodes& accepted, const CommandResult& result) {
  if (accepts_all(accepted)) return;
  if (result.signal) throw signal_error(command, result);
  if (!accepts(accepted, *result.exit_code)) throw exit_error(command, accepted, result);
}

/// Ends the child and says how that went.
Awaitable<StoppedCommand> end_child(Call& call, std::shared_ptr<Child> child, Duration grace, TimePoint began) {
  const auto left = co_await terminate(call, child, grace);
  StoppedCommand stopped;
  stopped.pid = child->pid();
  for (const ProcessEntry& process : left) stopped.not_killed.push_back(shown(process));
  stopped.output = child->output().kept.take();
  stopped.errors = child->errors().kept.take();
  stopped.duration = Clock::now() - began;
  if (child->exited()) {
    child->reap();
  } else {
    child->reap_later();
  }
  co_return stopped;
}

/// One line of what is going on, for the host's own words on a deadline.
std::string last_seen(const StoppedCommand& stopped) {
  const std::string pid = "pid " + std::to_string(stopped.pid);
  return pid + " was still running" +
         (stopped.not_killed.empty() ? " and was killed" : ", could not be killed and may still run");
}

}  // namespace

Awaitable<CommandResult> run_process(Call& call, Command command, RunOptions options) {
  check(command, options);
  auto account = co_await account_for(call, options);
  if (call.stop().stopped()) throw Error("cancelled", "stopped before " + shown(command) + " was started");

  const SpawnRequest request = request_for(command, options, std::move(account));
  const TimePoint began = Clock::now();
  Child::Options child_options{.input = std::move(options.input),
                               .keep = static_cast<std::size_t>(options.max_output.bytes),
                               .cuts_lines = static_cast<bool>(options.on_line)};
  auto child = std::make_shared<Child>(call, spawn(request), std::move(child_options));
  const Abandon abandon(child);
  child->start();
  call.note("pid", std::int64_t{child->pid()});

  Conversation conversation(call, *child, options.on_line);
  std::exception_ptr failure;
  {
    const auto reaction = call.stop().on_stop([&child] { child->wake(); });
    try {
      co_await conversation.hold();
    } catch (const std::exception&) {
      failure = std::current_exception();
    }
  }
  if (!conversation.complete()) {
    const StoppedCommand stopped = co_await end_child(call, child, options.grace, began);
    call.saw(last_seen(stopped));
    if (failure) std::rethrow_exception(failure);
    const bool timed_out = call.stop().reason() == StopReason::timeout;
    throw stopped_error(command, timed_out ? std::optional(options.timeout) : std::nullopt, stopped);
  }

  CommandResult result = result_of(*child, began, conversation.left_behind());
  if (const auto spawn_failed = spawn_failure(child->report())) {
    auto look = [request, failed = *spawn_failed] { return spawn_error(request, failed); };
    const Error error = co_await call.blocking().run(call, std::move(look));
    throw error;
  }
  throw_unless_accepted(command, options.accept, result);
  co_return result;
}

}  // namespace opshost::local
