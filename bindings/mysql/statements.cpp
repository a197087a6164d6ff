#include "bindings/mysql/statements.hpp"

#include "bindings/mysql/bind.hpp"
#include "bindings/mysql/errors.hpp"
#include "bindings/mysql/syntax/statement.hpp"

namespace opshost::mysql {

namespace {

/// What one trip to the blocking thread brings back: some milliseconds of the loop's time as Lua tables.
constexpr std::size_t kBatchBytes = std::size_t{64} * 1024;

struct FirstRows {
  std::vector<Column> columns;
  RowBatch rows;
  bool more = false;
};

Fetched fetched_from(FirstRows first, Lease lease) {
  Fetched fetched;
  fetched.columns = std::make_shared<const std::vector<Column>>(std::move(first.columns));
  fetched.rows = std::move(first.rows);
  if (first.more) fetched.more = std::make_shared<Cursor>(std::move(lease));
  return fetched;
}

}  // namespace

ValueList checked(std::optional<ValueList> values) {
  ValueList list = values ? std::move(*values) : ValueList();
  check_values(list);
  return list;
}

void check_statement(const std::string& statement) {
  if (statement.find_first_not_of(" \t\r\n;") == std::string::npos) {
    throw Error("usage.argument", "the statement is empty");
  }
}

void require_query(const std::string& statement) {
  check_statement(statement);
  const auto about = syntax::classify(statement);
  if (about.only_reads) return;
  throw Error("mysql.not_a_query", "this is not one statement that only reads: " + about.why +
                                       "; use execute() for what changes something. Statement: " + shorten(statement));
}

Awaitable<Fetched> open_query(Call& call, Lease lease, std::string statement, ValueList values) {
  auto work = [statement = std::move(statement), values = std::move(values)](Link& link) {
    link.begin_query(statement, values);
    FirstRows first{.columns = link.columns(), .rows = {}, .more = false};
    first.more = link.fetch(kBatchBytes, first.rows);
    return first;
  };
  FirstRows first = co_await on_link(call, lease, std::move(work));
  co_return fetched_from(std::move(first), std::move(lease));
}

Awaitable<Fetched> fetch_more(Call& call, std::shared_ptr<Cursor> cursor, QueryOptions) {
  auto work = [](Link& link) {
    FirstRows next{.columns = link.columns(), .rows = {}, .more = false};
    next.more = link.fetch(kBatchBytes, next.rows);
    return next;
  };
  FirstRows next = co_await on_link(call, cursor->lease(), std::move(work));
  // The next cursor's alone from here on, so that closing that one frees the connection.
  Lease lease = cursor->lease();
  cursor->close();
  co_return fetched_from(std::move(next), std::move(lease));
}

Lease& Cursor::lease() {
  if (!lease_) throw Error("closed", "the rest of these rows was given up");
  return lease_;
}

void close_cursor(const std::shared_ptr<Cursor>& cursor) { cursor->close(); }

Awaitable<ExecuteResult> execute_on(Call& call, Lease lease, std::string statement, ValueList values,
                                    const ExecuteOptions& options) {
  auto work = [statement = std::move(statement), values = std::move(values),
               most = static_cast<std::size_t>(options.max_result.bytes)](Link& link) {
    return link.execute(statement, values, most);
  };
  ExecuteOutcome outcome = co_await on_link(call, lease, std::move(work));
  ExecuteResult result{.affected = outcome.affected,
                       .last_insert_id = outcome.last_insert_id,
                       .warnings = std::move(outcome.warnings),
                       .results = {}};
  for (auto& rows : outcome.results) {
    result.results.push_back({.columns = std::make_shared<const std::vector<Column>>(std::move(rows.columns)),
                              .rows = std::move(rows.rows),
                              .more = nullptr});
  }
  co_return result;
}

}  // namespace opshost::mysql
