#include "bindings/mysql/script_run.hpp"

#include <algorithm>

#include "bindings/mysql/errors.hpp"
#include "bindings/mysql/script_source.hpp"
#include "host/lua/value_of.hpp"

namespace opshost::mysql {

namespace {

/// What a script that did not reach its end leaves behind.
struct Remains {
  std::int64_t applied = 0;  ///< statements before the failed one that took effect and stay
  std::string words{};
  bool in_doubt = false;  ///< nobody knows for sure
};

std::string count_of(std::int64_t statements) { return "the " + std::to_string(statements); }

ScriptFailure described(const Script& script, std::size_t index, const Error& cause, std::int64_t applied) {
  const auto& statement = script.statements[index];
  ScriptFailure detail{.file = script.file,
                       .line = static_cast<std::int64_t>(statement.line),
                       .number = static_cast<std::int64_t>(index) + 1,
                       .total = static_cast<std::int64_t>(script.statements.size()),
                       .applied = applied,
                       .statement = shorten(std::string(statement.text)),
                       .message = cause.message()};
  if (const Value* number = cause.detail().field("errno")) detail.errno_value = *number->get_if<std::int64_t>();
  if (const Value* state = cause.detail().field("sqlstate")) detail.sqlstate = *state->get_if<std::string>();
  if (const Value* words = cause.detail().field("message")) detail.message = *words->get_if<std::string>();
  return detail;
}

class Runner {
 public:
  Runner(Call& call, Lease lease, const Script& script, const ScriptOptions& options)
      : call_(call), lease_(std::move(lease)), script_(script), options_(options) {
    result_.transactional = is_transactional(script);
  }

  Awaitable<ScriptResult> run() {
    if (result_.transactional) {
      co_await on_link(call_, lease_, [](Link& link) { link.run("START TRANSACTION"); });
      open_since_ = 0;
    }
    for (std::size_t i = 0; i < script_.statements.size(); ++i) co_await run_one(i);
    if (result_.transactional) {
      co_await commit();
    } else {
      refuse_open_end();
    }
    co_return result_;
  }

 private:
  [[nodiscard]] std::int64_t total() const { return static_cast<std::int64_t>(script_.statements.size()); }
  [[nodiscard]] std::int64_t done() const { return static_cast<std::int64_t>(result_.statements); }
  [[nodiscard]] std::string name_of(std::size_t index) const {
    return script_.place(script_.statements[index].line) + ": statement " + std::to_string(index + 1) + " of " +
           std::to_string(total());
  }

  Awaitable<void> run_one(std::size_t index) {
    const auto& statement = script_.statements[index];
    const auto number = static_cast<std::int64_t>(index) + 1;
    at_ =
        "statement " + std::to_string(number) + " of " + std::to_string(total()) + ", " + script_.place(statement.line);
    call_.saw(at_);
    std::optional<Error> failure;
    try {
      if (options_.on_statement)
        co_await options_.on_statement(call_, number, total(), static_cast<std::int64_t>(statement.line));
    } catch (const Error& error) {
      failure = error;
    }
    if (failure) throw_left(index, *failure);
    try {
      auto work = [text = std::string(statement.text)](Link& link) {
        return link.execute(text, {}, std::size_t{16} << 20);
      };
      ExecuteOutcome outcome = co_await on_link(call_, lease_, std::move(work));
      take(outcome, index);
    } catch (const Error& error) {
      failure = error;
    }
    if (!failure) co_return;
    if (call_.stop().stopped()) throw_stopped(index, *failure);
    const Remains left = co_await clear_up(index, *failure);
    const Error told = failure_of(index, *failure, left);
    throw told;
  }

  // Its callback failed, or was stopped. The server rolls back what is open when the connection goes.
  [[noreturn]] void throw_left(std::size_t index, const Error& failure) {
    if (call_.stop().stopped()) throw_stopped(index, failure);
    Error error = failure;
    if (applied_if_rolled_back() > 0) error.set_maybe_applied(true);
    throw error;
  }

  void take(ExecuteOutcome& outcome, std::size_t index) {
    ++result_.statements;
    result_.affected += outcome.affected;
    for (auto& warning : outcome.warnings) {
      if (result_.warnings.size() < 100) result_.warnings.push_back(std::move(warning));
    }
    const auto about = syntax::classify(script_.statements[index].text);
    // A second BEGIN commits what was open, and begins anew.
    if (about.ends_transaction || !lease_->in_transaction()) open_since_.reset();
    if (lease_->in_transaction() && !open_since_) {
      open_since_ = index;
      open_changes_ = false;
    }
    // What a prepared statement does nobody knows from its EXECUTE.
    if (open_since_ && (about.kind == syntax::StatementKind::dml || about.verb == "EXECUTE")) open_changes_ = true;
  }

  [[nodiscard]] std::int64_t applied_if_rolled_back() const {
    return open_since_ ? static_cast<std::int64_t>(*open_since_) : done();
  }

  /// In the words of a message: what stands before the statement at which it ended, once what is open was rolled back.
  [[nodiscard]] std::string rolled_back_words() const {
    const auto stay = applied_if_rolled_back();
    if (done() == 0) return "it was the first, nothing else was sent";
    if (stay == done()) return count_of(done()) + " before it took effect and stay";
    if (stay == 0) return "all of it was rolled back, nothing has changed";
    return "the first " + std::to_string(stay) + " took effect and stay, the " + std::to_string(done() - stay) +
           " after them were rolled back";
  }

  /// After a statement that failed: rolls back what is open, and finds out what stays.
  Awaitable<Remains> clear_up(std::size_t index, const Error& failure) {
    if (!lease_->is_usable()) co_return after_loss(index, failure);
    const bool commits = syntax::classify(script_.statements[index].text).ends_transaction;
    std::optional<std::string> kept;
    bool was_open = false;
    try {
      auto work = [](Link& link) {
        link.run("DO 0");
        const bool open = link.in_transaction();
        return std::pair(open, link.roll_back());
      };
      auto answer = co_await on_link(call_, lease_, std::move(work));
      was_open = answer.first;
      kept = std::move(answer.second);
    } catch (const Error& error) {
      kept = "ROLLBACK failed: " + error.message();
    }
    if (open_since_ && !was_open && commits) open_since_.reset();  // it had committed before it failed
    Remains left{.applied = applied_if_rolled_back(), .words = rolled_back_words()};
    if (kept) {
      left = {.applied = done(),
              .words = "not all of " + count_of(done()) + " before it could be rolled back: " + *kept,
              .in_doubt = true};
    }
    co_return left;
  }

  [[nodiscard]] Remains after_loss(std::size_t index, const Error& failure) const {
    const bool commits = syntax::classify(script_.statements[index].text).ends_transaction;
    const auto stay = applied_if_rolled_back();
    const auto open = done() - stay;
    const std::string first = "it was the first, nothing else was sent";
    if (!open_since_) {
      return {.applied = stay,
              .words = stay == 0 ? first : count_of(stay) + " before it took effect and stay",
              .in_doubt = failure.is_maybe_applied()};
    }
    std::string words = stay == 0 ? "" : "the first " + std::to_string(stay) + " took effect and stay; ";
    if (commits) {
      words += "nobody knows whether " + count_of(open) + " before it took effect";
    } else {
      words += "the server rolls back " + (open == 0 ? "what it did" : "it and " + count_of(open) + " before it") +
               ", but for tables whose engine has no transactions";
    }
    return {.applied = stay, .words = words, .in_doubt = true};
  }

  [[nodiscard]] Error failure_of(std::size_t index, const Error& cause, const Remains& left) const {
    return Error("mysql.script", name_of(index) + " failed: " + cause.message() + "; " + left.words)
        .on(cause.target())
        .with(value_of(described(script_, index, cause, left.applied)))
        .maybe_applied(cause.is_maybe_applied() || left.in_doubt || left.applied > 0)
        .because(cause);
  }

  /// It ran out of time, or was told to end: the connection is of no more use, the statement itself in doubt.
  [[noreturn]] void throw_stopped(std::size_t index, const Error& cause) {
    const Remains left = after_loss(index, cause);
    const std::string besides = call_.seen() == at_ ? "" : "; " + call_.seen();
    const std::string what = name_of(index) + " was stopped; " + left.words + besides;
    call_.saw(what);
    if (call_.stop().reason() != StopReason::timeout) throw Error(cause);
    throw Error("mysql.timeout", "no answer within " + format_duration(options_.timeout) + "; " + what)
        .on(cause.target())
        .with(value_of(described(script_, index, cause, left.applied)))
        .maybe_applied()
        .because(cause);
  }

  Awaitable<void> commit() {
    std::optional<Error> failure;
    try {
      co_await on_link(call_, lease_, [](Link& link) { link.run_change("COMMIT"); });
    } catch (const Error& error) {
      failure = error;
    }
    if (!failure) co_return;
    const bool in_doubt = failure->is_maybe_applied() || call_.stop().stopped();
    const std::string what = "COMMIT after all " + std::to_string(done()) +
                             " statements failed: " + failure->message() + "; " +
                             (in_doubt ? "nobody knows whether they took effect" : "they were rolled back");
    call_.saw(what);
    if (call_.stop().stopped()) throw Error(*failure);
    const Error told = Error("mysql.script", script_.file.value_or("the script") + ": " + what)
                           .on(failure->target())
                           .with(value_of(described(script_, script_.statements.size() - 1, *failure, 0)))
                           .maybe_applied(in_doubt)
                           .because(*failure);
    throw told;
  }

  /// Its connection ends with it, and with that what is open: its changes would be gone without a word.
  void refuse_open_end() const {
    if (!open_since_ || !open_changes_) return;
    const auto stay = applied_if_rolled_back();
    const Error cause("mysql.script", "the script ends with a transaction open");
    throw Error("mysql.script", name_of(*open_since_) +
                                    " begins a transaction that nothing commits; it and all after it were rolled back" +
                                    (stay > 0 ? ", the " + std::to_string(stay) + " before it stay" : ""))
        .on(lease_->settings().target())
        .with(value_of(described(script_, *open_since_, cause, stay)))
        .maybe_applied(stay > 0);
  }

  Call& call_;
  Lease lease_;
  const Script& script_;
  const ScriptOptions& options_;
  ScriptResult result_;
  std::string at_;
  std::optional<std::size_t> open_since_;  ///< the statement that began the open transaction
  bool open_changes_ = false;              ///< there is something in it to be lost
};

}  // namespace

std::vector<ParsedStatement> parse(const std::string& text) {
  std::vector<ParsedStatement> statements;
  try {
    for (const auto& statement : syntax::split_script(text)) {
      const auto about = syntax::classify(statement.text);
      if (!about.known) throw syntax::SqlFault{0, statement.line, about.why};
      statements.push_back({.text = std::string(statement.text),
                            .line = static_cast<std::int64_t>(statement.line),
                            .kind = about.kind,
                            .verb = about.verb,
                            .only_reads = about.only_reads});
    }
  } catch (const syntax::SqlFault& fault) {
    throw Error("mysql.parse", "line " + std::to_string(fault.line) + ": " + fault.what);
  }
  return statements;
}

Awaitable<ScriptResult> run_script(Call& call, Lease lease, ScriptSource source, ScriptOptions options) {
  auto load = [source = std::move(source), charset = lease->settings().charset] {
    return load_script(source, charset);
  };
  const auto script = co_await call.blocking().run(call, std::move(load));
  if (script->statements.empty()) co_return ScriptResult();
  Runner runner(call, std::move(lease), *script, options);
  co_return co_await runner.run();
}

}  // namespace opshost::mysql
