#include "bindings/mysql/transaction.hpp"

#include "bindings/mysql/errors.hpp"
#include "bindings/mysql/syntax/statement.hpp"

namespace opshost::mysql {

namespace {

/// Statements after which a server has committed what was open, asked or not.
void refuse_implicit_commit(const std::string& statement) {
  const auto about = syntax::classify(statement);
  if (!about.known) {
    throw Error("mysql.not_transactional",
                "nobody can tell whether this ends the transaction it stands in: " + about.why +
                    ". Execute it outside of transaction(). Statement: " + shorten(statement));
  }
  if (!about.ends_transaction) return;
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

void Transaction::refuse_if_ended() const {
  const auto& end = lease_->transaction_end();
  if (!end) return;
  if (!end->cause) {
    throw Error("mysql.not_transactional",
                "the transaction has ended before its commit: this statement committed what was open, and what came "
                "after it took effect at once. Execute it outside of transaction(). Statement: " +
                    shorten(end->statement))
        .on(subject())
        .maybe_applied();
  }
  throw Error("mysql.session_ended", "the server has rolled back the transaction: " + end->cause->message() +
                                         "; run the whole transaction again")
      .on(subject())
      .retryable(end->cause->is_retryable())
      .because(*end->cause);
}

Lease Transaction::use() {
  if (!lease_) throw Error("closed", "this transaction has ended").on(subject());
  detail::refuse_if_in_call(*lease_);
  refuse_if_ended();
  if (!lease_->is_usable()) {
    throw Error("mysql.session_ended",
                "the transaction's connection is gone, and it was rolled back; or rows of an "
                "earlier query in it were not read to their end")
        .on(subject());
  }
  return lease_;
}

Awaitable<Fetched> Transaction::query(Call& call, std::string statement, std::optional<ValueList> values,
                                      QueryOptions) {
  require_query(statement);
  ValueList list = checked(std::move(values));
  if (!planned_) co_return co_await open_query(call, use(), std::move(statement), std::move(list));
  Lease own = co_await pool_->open_own(call);
  co_await on_link(call, own, [](Link& link) { link.set_access(Access::read_only); });
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
  // However it ends, its locks do not outlast it.
  const Lease lease = use();
  close();
  co_await on_link(call, lease, [](Link& link) { link.run_change("COMMIT"); });
}

Awaitable<std::optional<std::string>> Transaction::rollback(Call& call) {
  std::optional<std::string> kept;
  if (lease_ && lease_->is_usable()) {
    const Lease lease = std::exchange(lease_, {});
    auto work = [](Link& link) { return link.roll_back(); };
    kept = co_await on_link(call, lease, std::move(work));
  }
  close();
  co_return kept;
}

}  // namespace opshost::mysql
