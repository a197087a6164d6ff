#include "bindings/mysql/database.hpp"

#include "bindings/mysql/transaction.hpp"

namespace opshost::mysql {

Awaitable<Fetched> Database::query(Call& call, std::string statement, std::optional<ValueList> values, QueryOptions) {
  require_query(statement);
  ValueList list = checked(std::move(values));
  Lease lease = co_await pool_->acquire(call, Access::read_only);
  co_return co_await open_query(call, std::move(lease), std::move(statement), std::move(list));
}

Awaitable<ExecuteResult> Database::execute(Call& call, std::string statement, std::optional<ValueList> values,
                                           ExecuteOptions options) {
  check_statement(statement);
  ValueList list = checked(std::move(values));
  Lease lease = co_await pool_->acquire(call, Access::read_write);
  co_return co_await execute_on(call, std::move(lease), std::move(statement), std::move(list), options);
}

Awaitable<bool> Database::alive(Call& call) {
  try {
    const Lease lease = co_await pool_->acquire(call, Access::read_only);
    co_await on_link(call, lease, [](Link& link) { link.run("DO 1"); });
    co_return true;
  } catch (const Error& error) {
    if (error.code() != "mysql.unreachable" && error.code() != "mysql.lost") throw;
  }
  co_return false;
}

Awaitable<std::shared_ptr<Session>> Database::open_session(Call& call) {
  Lease lease = co_await pool_->open_own(call);
  co_return std::make_shared<Session>(std::move(lease));
}

Awaitable<std::shared_ptr<Transaction>> Database::begin(Call& call, bool planned) {
  Lease lease;
  if (!planned) {
    lease = co_await pool_->open_own(call);
    co_await on_link(call, lease, [](Link& link) { link.begin_transaction(); });
  }
  co_return std::make_shared<Transaction>(pool_, std::move(lease));
}

Awaitable<InsertResult> Database::insert_many(Call& call, std::string table, std::vector<InsertRow> rows,
                                              InsertOptions options) {
  if (rows.empty()) co_return InsertResult{};
  for (std::size_t i = 0; i < rows.size(); ++i) check_row(rows[i], i + 1);
  Lease lease = co_await pool_->open_own(call);
  co_return co_await insert_rows(call, std::move(lease), std::move(table), std::move(rows), options);
}

Awaitable<ScriptResult> Database::script(Call& call, ScriptSource source, ScriptOptions options) {
  Lease lease = co_await pool_->open_own(call);
  co_return co_await run_script(call, std::move(lease), std::move(source), std::move(options));
}

std::string Session::subject() const { return lease_ ? lease_->settings().target() : "a closed session"; }

void Session::close() { lease_.reset(); }

Lease Session::use() {
  if (!lease_) throw Error("closed", "this session has ended");
  detail::refuse_if_in_call(*lease_);
  if (!lease_->is_usable()) {
    throw Error("mysql.session_ended",
                "the session's connection is gone, and with it what it had (temporary tables, "
                "variables, locks, an open transaction); or rows of an earlier query in it were "
                "not read to their end")
        .on(lease_->settings().target());
  }
  return lease_;
}

// A transaction that a query began READ ONLY would refuse the changes that follow.
Awaitable<void> Session::take_access(Call& call, Lease lease, Access access) {
  if (access == Access::read_only && !lease->commits_each()) access = Access::read_write;
  if (lease->access() == access) co_return;
  co_await on_link(call, lease, [access](Link& link) { link.set_access(access); });
}

Awaitable<Fetched> Session::query(Call& call, std::string statement, std::optional<ValueList> values, QueryOptions) {
  require_query(statement);
  ValueList list = checked(std::move(values));
  Lease lease = use();
  co_await take_access(call, lease, Access::read_only);
  co_return co_await open_query(call, std::move(lease), std::move(statement), std::move(list));
}

Awaitable<ExecuteResult> Session::execute(Call& call, std::string statement, std::optional<ValueList> values,
                                          ExecuteOptions options) {
  check_statement(statement);
  ValueList list = checked(std::move(values));
  Lease lease = use();
  co_await take_access(call, lease, Access::read_write);
  co_return co_await execute_on(call, std::move(lease), std::move(statement), std::move(list), options);
}

std::shared_ptr<Database> connect(const ConnectOptions& options) {
  return std::make_shared<Database>(settings_from(options));
}

}  // namespace opshost::mysql
