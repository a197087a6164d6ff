// opshost repl: lines of Lua, each run at once.
#include <unistd.h>

#include <iostream>

#include "host/cli/ask.hpp"
#include "host/cli/commands.hpp"
#include "host/cli/eval.hpp"
#include "host/docs/help.hpp"
#include "host/term/output.hpp"
#include "host/term/terminal.hpp"

namespace opshost::cli {

namespace {

constexpr const char* kChunkName = "=repl";

class Repl {
 public:
  Repl(const SessionOptions& options, const Modules& modules)
      : options_(options), runtime_(open_session(options, modules)) {
    runtime_->vm().use_one_environment();
    runtime_->gate().confirm_destroy = [](Call& call, const std::string& destroyed) {
      return confirm_in_loop(call, "About to destroy: " + destroyed + ". Go on?");
    };
  }

  int run() {
    if (is_terminal(STDIN_FILENO)) say("opshost; `help` or `help NAME` explains, Ctrl-C stops a line, Ctrl-D ends\n");
    std::string line;
    std::string pending;
    while (!end_) {
      if (read_line(pending.empty() ? "> " : ">> ", line)) {
        pending += (pending.empty() ? "" : "\n") + line;
        if (!is_incomplete(pending)) execute(std::exchange(pending, {}));
      } else if (go_on_after_interrupt()) {
        pending.clear();
        say("\n");
      } else {
        break;
      }
    }
    if (!end_ && !pending.empty()) execute(pending);  // says what is missing
    if (const int signal = runtime_->watchdog().interrupted_by(); signal != 0) return 128 + signal;
    if (end_) return *end_;
    return is_terminal(STDIN_FILENO) ? 0 : first_failure_;
  }

 private:
  /// At a terminal Ctrl-C ends a line, what is typed or what runs, and not the session.
  bool go_on_after_interrupt() { return is_terminal(STDIN_FILENO) && runtime_->watchdog().forget_interrupt(); }

  /// False: the input ended, or Ctrl-C was pressed.
  bool read_line(const char* prompt, std::string& line) {
    if (is_terminal(STDIN_FILENO)) {
      runtime_->watchdog().set_at_prompt(true);
      say(prompt);
      wait_for_input(runtime_->scheduler(), STDIN_FILENO);
      runtime_->watchdog().set_at_prompt(false);
      if (runtime_->scheduler().interrupted() || runtime_->scheduler().stopped_now()) return false;
    }
    return static_cast<bool>(std::getline(std::cin, line));
  }

  /// What is wrong with the text; empty: nothing.
  std::string syntax_problem(const std::string& text) {
    lua_State* state = runtime_->vm().state();
    const bool loads = luaL_loadbuffer(state, text.data(), text.size(), kChunkName) == 0;
    std::string problem = loads ? "" : lua_tostring(state, -1);
    lua_pop(state, 1);
    return problem;
  }

  /// Lua's own sign that more has to come: the error is at the end of the text, be it an expression or a statement.
  bool is_incomplete(const std::string& text) {
    constexpr std::string_view kAtEnd = "near '<eof>'";
    const auto as_expression = syntax_problem("return " + text);
    if (as_expression.empty()) return false;
    const auto as_statement = syntax_problem(text);
    if (as_statement.empty()) return false;
    return as_expression.ends_with(kAtEnd) || as_statement.ends_with(kAtEnd);
  }

  void execute(const std::string& text) {
    if (text == "help" || text.starts_with("help ")) return try_help(text.substr(4));
    const auto outcome = evaluate(*runtime_, text, kChunkName, {});
    if (outcome.returned) return;
    report(outcome, options_, *runtime_);
    if (outcome.error.code() == "script.undeclared") say("Here a `local` ends with its line: write `name = value`.\n");
    if (first_failure_ == 0) first_failure_ = outcome.exit_code;
    const bool interrupted = outcome.error.code() == "interrupted";
    if (outcome.error.code() == "exit" || (interrupted && !go_on_after_interrupt())) end_ = outcome.exit_code;
  }

  /// What every module declares may take a moment, too.
  void try_help(const std::string& rest) {
    try {
      show_help(rest);
    } catch (const Error& error) {
      if (error.code() != "interrupted") throw;
      if (!go_on_after_interrupt()) end_ = 128 + runtime_->watchdog().interrupted_by();
    }
  }

  void show_help(const std::string& rest) {
    std::vector<std::string> words;
    std::istringstream parts(rest);
    for (std::string word; parts >> word;) words.push_back(word);
    const auto declared = runtime_->declared_modules();
    const docs::Catalog catalog(declared, {}, docs::builtin_topics());
    standard_output().write(docs::help(catalog, words, {.width = terminal_width(STDOUT_FILENO)}).text);
  }

  const SessionOptions& options_;
  std::unique_ptr<Runtime> runtime_;
  int first_failure_ = 0;
  std::optional<int> end_;  ///< the exit code of a line that ended it all
};

}  // namespace

Command repl_command(const Modules& modules) {
  auto options = std::make_shared<SessionOptions>();
  return {.name = "repl",
          .summary = "type Lua and see what it answers",
          .arguments = "",
          .options = session_options(options),
          .run = [options, modules](const std::vector<std::string>&) { return Repl(*options, modules).run(); }};
}

}  // namespace opshost::cli
