#pragma once
// SQL scripts: their statements one after the other on one connection, up to the first error.
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "bindings/mysql/statements.hpp"
#include "bindings/mysql/syntax/statement.hpp"
#include "host/fiber/callback.hpp"

namespace opshost::mysql {

struct ScriptFile {
  std::string file{};
};
OPSHOST_RECORD(ScriptFile, "A file of SQL", (file, "its path on this machine", required))
using ScriptSource = std::variant<std::string, ScriptFile>;

struct ScriptOptions {
  Duration timeout = std::chrono::hours(1);
  bool repeatable = false;
  Callback<std::int64_t, std::int64_t, std::int64_t> on_statement{};
};
OPSHOST_RECORD(ScriptOptions, "How to run a script", (timeout, "how long the whole of it may take"),
               (repeatable, "run again it ends in the same state"),
               (on_statement, "called before each statement with its number, how many there are, and its line"))

struct ScriptResult {
  std::uint64_t statements = 0;
  std::uint64_t affected = 0;
  bool transactional = false;
  std::vector<Warning> warnings{};
};
OPSHOST_RECORD(ScriptResult, "What a script did", (statements, "statements it executed"),
               (affected, "rows they inserted, updated or deleted"),
               (transactional, "it ran in one transaction: an error would have undone all of it"),
               (warnings, "what the server warned of, at most 100"))

struct ScriptFailure {
  std::optional<std::string> file{};
  std::int64_t line = 0;
  std::int64_t number = 0;
  std::int64_t total = 0;
  std::int64_t applied = 0;
  std::string statement{};
  std::int64_t errno_value = 0;
  std::string sqlstate{};
  std::string message{};
};
OPSHOST_RECORD(ScriptFailure, "Where a script stopped", (file, "the file; nil where its text was given"),
               (line, "where the statement begins"), (number, "which one it is, from 1"),
               (total, "how many the script has"),
               (applied,
                "statements before it that took effect and stay; 0 where all was rolled back. Where maybe_applied is "
                "true and the connection is gone, tables without transactions may keep more"),
               (statement, "its beginning"), (errno_value, "the server's error number", named("errno")),
               (sqlstate, "the server's SQLSTATE"), (message, "the server's own words"))

struct ParsedStatement {
  std::string text{};
  std::int64_t line = 0;
  syntax::StatementKind kind = syntax::StatementKind::query;
  std::string verb{};
  bool only_reads = false;
};
OPSHOST_RECORD(ParsedStatement, "One statement of a text", (text, "without its delimiter"),
               (line, "where it begins, from 1"), (kind, "what it is"), (verb, "its first word: \"ALTER\""),
               (only_reads, "`query` would take it"))

/// Throws mysql.parse for what cannot be read, and for a statement whose first words say nothing.
std::vector<ParsedStatement> parse(const std::string& text);

/// Throws mysql.script at the first statement that fails, mysql.timeout with the same detail where the time ran out,
/// mysql.parse before any was sent.
Awaitable<ScriptResult> run_script(Call& call, Lease lease, ScriptSource source, ScriptOptions options);

}  // namespace opshost::mysql
