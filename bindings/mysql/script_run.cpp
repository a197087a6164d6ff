#include "bindings/mysql/script_run.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "bindings/mysql/errors.hpp"
#include "bindings/mysql/syntax/script.hpp"
#include "host/base/descriptor.hpp"
#include "host/base/utf8.hpp"
#include "host/lua/value_of.hpp"

namespace opshost::mysql {

namespace {

struct Script {
  std::optional<std::string> file;
  std::string text;
  std::vector<syntax::ScriptStatement> statements;

  [[nodiscard]] std::string place(std::size_t line) const {
    return (file ? *file + ":" : "line ") + std::to_string(line);
  }
};

Error unreadable(const Script& script, const syntax::SqlFault& fault) {
  return {"mysql.parse", script.place(fault.line) + ": " + fault.what + "; nothing was sent"};
}

std::string read_whole_file(const std::string& path) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  const auto refuse = [&path] {
    throw Error("mysql.script_file", "cannot read " + describe(Value(path)) + ": " + errno_text(errno));
  };
  if (!file) refuse();
  std::string text;
  std::vector<char> part(std::size_t{1} << 16);
  for (;;) {
    const ssize_t size = ::read(file.get(), part.data(), part.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) refuse();
    if (size == 0) return text;
    text.append(part.data(), static_cast<std::size_t>(size));
  }
}

/// The server would take it for something else, or refuse it half-way.
void check_encoding(const Script& script, const std::string& charset) {
  if (!charset.starts_with("utf8")) return;
  std::string_view rest = script.text;
  while (!rest.empty()) {
    const auto ascii = std::ranges::find_if(rest, [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
    rest.remove_prefix(static_cast<std::size_t>(ascii - rest.begin()));
    if (rest.empty()) return;
    const auto next = decode_utf8(rest);
    if (!next) {
      const auto offset = static_cast<std::size_t>(rest.data() - script.text.data());
      throw Error("mysql.bad_text", script.place(syntax::line_of(script.text, offset)) +
                                        ": the text is not UTF-8; convert it, or connect with the `charset` it is in. "
                                        "Nothing was sent");
    }
    rest.remove_prefix(next->length);
  }
}

/// Blocking: files, and a walk through all of the text.
std::shared_ptr<Script> load(const ScriptSource& source, const std::string& charset) {
  auto script = std::make_shared<Script>();
  if (const auto* file = std::get_if<ScriptFile>(&source)) {
    script->file = file->file;
    script->text = read_whole_file(file->file);
  } else {
    script->text = std::get<std::string>(source);
  }
  check_encoding(*script, charset);
  try {
    script->statements = syntax::split_script(script->text);
  } catch (const syntax::SqlFault& fault) {
    const Error error = unreadable(*script, fault);
    throw error;
  }
  return script;
}

/// Rows alone are changed: an error can undo all of it.
bool is_transactional(const Script& script) {
  return std::ranges::all_of(script.statements, [](const syntax::ScriptStatement& statement) {
    const auto about = syntax::classify(statement.text);
    const bool rows = about.kind == syntax::StatementKind::dml && about.verb != "CALL" && about.verb != "LOAD";
    return about.known && (rows || about.kind == syntax::StatementKind::query);
  });
}

class Runner {
 public:
  Runner(Call& call, Lease lease, const Script& script, const ScriptOptions& options)
      : call_(call), lease_(std::move(lease)), script_(script), options_(options) {
    result_.transactional = is_transactional(script);
  }

  Awaitable<ScriptResult> run() {
    if (result_.transactional) co_await begin();
    for (const auto& statement : script_.statements) co_await run_one(statement);
    if (result_.transactional) co_await commit();
    co_return result_;
  }

 private:
  Awaitable<void> begin() {
    co_await on_link(call_, lease_, [](Link& link) { link.run("START TRANSACTION"); });
  }
  Awaitable<void> commit() {
    co_await on_link(call_, lease_, [](Link& link) { link.run_change("COMMIT"); });
  }

  Awaitable<void> run_one(const syntax::ScriptStatement& statement) {
    const auto number = static_cast<std::int64_t>(result_.statements) + 1;
    const auto total = static_cast<std::int64_t>(script_.statements.size());
    call_.saw("statement " + std::to_string(number) + " of " + std::to_string(total) + ", " +
              script_.place(statement.line));
    if (options_.on_statement)
      co_await options_.on_statement(call_, number, total, static_cast<std::int64_t>(statement.line));
    std::optional<Error> failure;
    try {
      auto work = [text = std::string(statement.text)](Link& link) {
        return link.execute(text, {}, std::size_t{16} << 20);
      };
      ExecuteOutcome outcome = co_await on_link(call_, lease_, std::move(work));
      take(outcome);
    } catch (const Error& error) {
      failure = error;
    }
    if (!failure) co_return;
    if (call_.stop().stopped()) throw *failure;
    const bool undone = co_await roll_back();
    const Error told = failure_of(statement, *failure, undone);
    throw told;
  }

  void take(ExecuteOutcome& outcome) {
    ++result_.statements;
    result_.affected += outcome.affected;
    for (auto& warning : outcome.warnings) {
      if (result_.warnings.size() < 100) result_.warnings.push_back(std::move(warning));
    }
  }

  /// False: something of it stays, or nobody knows. A server warns of tables whose engine cannot roll back.
  Awaitable<bool> roll_back() {
    if (!result_.transactional || !lease_->is_usable()) co_return result_.transactional;
    bool undone = true;
    try {
      auto work = [](Link& link) { return link.execute("ROLLBACK", {}, 0); };
      const ExecuteOutcome outcome = co_await on_link(call_, lease_, std::move(work));
      undone = outcome.warnings.empty();
    } catch (const Error&) {
      undone = false;
    }
    co_return undone;
  }

  [[nodiscard]] Error failure_of(const syntax::ScriptStatement& statement, const Error& cause, bool undone) const {
    const auto before = static_cast<std::int64_t>(result_.statements);
    const auto total = static_cast<std::int64_t>(script_.statements.size());
    ScriptFailure detail{.file = script_.file,
                         .line = static_cast<std::int64_t>(statement.line),
                         .number = before + 1,
                         .total = total,
                         .applied = undone ? 0 : before,
                         .statement = shorten(std::string(statement.text)),
                         .message = cause.message()};
    if (const Value* number = cause.detail().field("errno")) detail.errno_value = *number->get_if<std::int64_t>();
    if (const Value* state = cause.detail().field("sqlstate")) detail.sqlstate = *state->get_if<std::string>();
    if (const Value* words = cause.detail().field("message")) detail.message = *words->get_if<std::string>();
    std::string left = "the " + std::to_string(before) + " before it took effect and stay";
    if (undone) left = "all of it was rolled back, nothing has changed";
    if (before == 0 && !undone) left = "it was the first, nothing else was sent";
    return Error("mysql.script", script_.place(statement.line) + ": statement " + std::to_string(before + 1) + " of " +
                                     std::to_string(total) + " failed: " + cause.message() + "; " + left)
        .on(cause.target())
        .with(value_of(detail))
        .maybe_applied(cause.is_maybe_applied() || (before > 0 && !undone))
        .because(cause);
  }

  Call& call_;
  Lease lease_;
  const Script& script_;
  const ScriptOptions& options_;
  ScriptResult result_;
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
  auto load_it = [source = std::move(source), charset = lease->settings().charset] { return load(source, charset); };
  const auto script = co_await call.blocking().run(call, std::move(load_it));
  Runner runner(call, std::move(lease), *script, options);
  co_return co_await runner.run();
}

}  // namespace opshost::mysql
