#include "bindings/mysql/transaction.hpp"

#include "bindings/mysql/errors.hpp"
#include "bindings/mysql/syntax/statement.hpp"

namespace opshost::mysql {

namespace {

/// Statements after which a server has committed what was open, asked or not.
void refuse_implicit_commit(const std::string& statement) {
  const auto about = syntax::classify(statement);
  const bool ends_it = about.kind == syntax::StatementKind::ddl || about.kind == syntax::StatementKind::transaction;
  const bool savepoint = about.verb == "SAVEPOINT" || about.verb == "RELEASE" ||
                         (about.verb == "ROLLBACK" && syntax::upper(statement).find(" TO ") != std::string::npos);
  if (!about.known || !ends_it || savepoint) return;
  throw Error("mysql.not_transactional", about.verb +
                                             " ends the transaction it stands in: a server commits what was "
                                             "open. Execute it outside of transaction(). Statement: " +
                                             shorten(statement));
}

Value record_of(const std::string& statement, const ValueList& values) {
  ValueList record{Value(statement)};
  record.insert(record.end(), values.begin(), values.end());
  return record;
}

}  // namespace

Lease Transaction::use() {
  if (!lease_) throw Error("closed", "this transaction has ended").on(pool_->settings().target());
  if (!lease_->is_usable()) {
    throw Error("mysql.session_ended",
                "the transaction's connection is gone, and it was rolled back; or rows of an "
                "earlier query in it were not read to their end")
        .on(pool_->settings().target());
  }
  return lease_;
}

Awaitable<Fetched> Transaction::query(Call& call, std::string statement, std::optional<ValueList> values,
                                      QueryOptions) {
  require_query(statement);
  ValueList list = checked(std::move(values));
  if (!planned_) co_return co_await open_query(call, use(), std::move(statement), std::move(list));
  Lease own = co_await pool_->open_own(call);
  co_return co_await open_query(call, std::move(own), std::move(statement), std::move(list));
}

Awaitable<TransactionResult> Transaction::execute(Call& call, std::string statement, std::optional<ValueList> values,
                                                  ExecuteOptions options) {
  refuse_implicit_commit(statement);
  ValueList list = checked(std::move(values));
  statements_.push_back(record_of(statement, list));
  if (planned_) co_return TransactionResult{.result = {}, .planned = true};
  TransactionResult done;
  done.result = co_await execute_on(call, use(), std::move(statement), std::move(list), options);
  co_return done;
}

Awaitable<void> Transaction::commit(Call& call, ValueList) {
  const Lease lease = use();
  co_await on_link(call, lease, [](Link& link) { link.run_change("COMMIT"); });
  close();
}

Awaitable<void> Transaction::rollback(Call& call) {
  if (lease_ && lease_->is_usable()) {
    const Lease lease = lease_;
    co_await on_link(call, lease, [](Link& link) { link.run("ROLLBACK"); });
  }
  close();
}

}  // namespace opshost::mysql
