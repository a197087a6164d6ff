#pragma once
// A query or a change on one connection: what databases, sessions and transactions have in common. On the loop.
#include <memory>
#include <optional>
#include <string>

#include "bindings/mysql/pool.hpp"

namespace opshost::mysql {

struct QueryOptions {
  std::optional<Duration> timeout{};
  std::vector<std::string> json_columns{};  ///< read by stdlib/mysql.lua
};
OPSHOST_RECORD(QueryOptions, "How to query",
               (timeout, "how long we wait for each part of the answer; the connection's, or 60s, unless given"),
               (json_columns, "names of columns whose texts are JSON: they become tables, with ops.null for null"))

struct ExecuteOptions {
  std::optional<Duration> timeout{};
  bool repeatable = false;
  Size max_result = 64_MiB;
};
OPSHOST_RECORD(ExecuteOptions, "How to execute",
               (timeout, "how long we wait; then the server is told to end it; the connection's, or 60s, unless given"),
               (repeatable, "sent again it ends in the same state, so a resume may send it again"),
               (max_result, "rows it answers with, as bytes; more are an error, not memory"))

/// Rows that are still on their way. Holds its connection until the last one was read.
class Cursor {
 public:
  explicit Cursor(Lease lease) : lease_(std::move(lease)) {}

  /// Throws closed after close().
  [[nodiscard]] Lease& lease();
  void close() { lease_.reset(); }
  [[nodiscard]] std::string text() const { return "rows"; }

 private:
  Lease lease_;
};

/// Rows of one result, and where more come from.
struct Fetched {
  std::shared_ptr<const std::vector<Column>> columns{};
  RowBatch rows{};
  std::shared_ptr<Cursor> more{};  ///< nullptr: that was all
};

struct ExecuteResult {
  std::uint64_t affected = 0;
  std::optional<std::uint64_t> last_insert_id{};
  std::vector<Warning> warnings{};
  std::vector<Fetched> results{};
};
OPSHOST_RECORD(ExecuteResult, "What a change did", (affected, "rows it inserted, updated or deleted"),
               (last_insert_id, "the first AUTO_INCREMENT value it made; nil: none"),
               (warnings, "what the server warned of, at most 100"),
               (results, "the rows it answered with, a list for each result: of CALL, of INSERT ... RETURNING"))

/// The values, or none. Throws usage.argument for one no statement can be given.
ValueList checked(std::optional<ValueList> values);
/// Throws usage.argument for an empty statement.
void check_statement(const std::string& statement);
/// Throws mysql.not_a_query for what does not only read, naming `execute`.
void require_query(const std::string& statement);

/// Begins a query and takes its first rows.
Awaitable<Fetched> open_query(Call& call, Lease lease, std::string statement, ValueList values);
/// The next rows.
Awaitable<Fetched> fetch_more(Call& call, std::shared_ptr<Cursor> cursor, QueryOptions options);
/// Gives up the rest, and the connection with it.
void close_cursor(const std::shared_ptr<Cursor>& cursor);
Awaitable<ExecuteResult> execute_on(Call& call, Lease lease, std::string statement, ValueList values,
                                    const ExecuteOptions& options);

}  // namespace opshost::mysql
