#pragma once
// What a statement is, judged by its first words. Who cannot tell refuses.
#include <cstdint>
#include <string>
#include <string_view>

#include "bindings/mysql/syntax/lexer.hpp"
#include "host/lua/record.hpp"

namespace opshost::mysql::syntax {

enum class StatementKind : std::uint8_t { query, dml, ddl, transaction, administration };
OPSHOST_ENUM(StatementKind, "What a statement is, by its first words", (query, "query"), (dml, "dml"), (ddl, "ddl"),
             (transaction, "transaction"), (administration, "administration"))

/// A statement that was read, or why it could not be.
struct Classified {
  bool known = false;
  StatementKind kind = StatementKind::query;
  std::string verb{};  ///< its first word, of WITH the verb it leads to: "SELECT", "ALTER"
  /// A query that may run in a READ ONLY session: one SELECT, SHOW, DESCRIBE, EXPLAIN or WITH ... SELECT that writes no
  /// file or variable and takes no lock.
  bool only_reads = false;
  /// It may commit what is open, asked or not: DDL, COMMIT, GRANT, LOCK TABLES, SET autocommit. So may CALL and
  /// EXECUTE, of which only the server can tell.
  bool ends_transaction = false;
  /// ROLLBACK takes back all it changes that outlasts the session: rows, in tables that have transactions.
  bool undoable = false;
  std::string why{};  ///< where `known` or `only_reads` is false
};

/// `text` is one statement, with or without the final semicolon. Executable comments count both ways: a query is one
/// only where it is one with them and without them. Never throws; text nobody can read is unknown.
Classified classify(std::string_view text);

}  // namespace opshost::mysql::syntax
