#pragma once
// Transactions: their statements run at once, and are one change when they are committed.
#include <memory>
#include <optional>
#include <string>

#include "bindings/mysql/statements.hpp"

namespace opshost::mysql {

/// What a statement of a transaction did; where the transaction is only planned, nobody knows yet.
struct TransactionResult {
  ExecuteResult result{};
  bool planned = false;
};

class Transaction {
 public:
  Transaction(std::shared_ptr<Pool> pool, Lease lease) : pool_(std::move(pool)), lease_(std::move(lease)) {}

  [[nodiscard]] std::string subject() const { return pool_->settings().target(); }
  [[nodiscard]] std::optional<Duration> default_timeout() const { return pool_->settings().timeout; }

  Awaitable<Fetched> query(Call& call, std::string statement, std::optional<ValueList> values, QueryOptions options);
  Awaitable<TransactionResult> execute(Call& call, std::string statement, std::optional<ValueList> values,
                                       ExecuteOptions options);
  /// {"statement", value, ...} for each it executed, in order.
  [[nodiscard]] ValueList statements() const { return statements_; }

  /// `statements` are what the journal and a plan show of it.
  Awaitable<void> commit(Call& call, ValueList statements);
  /// What the server could not roll back, in its words: changes of tables that have no transactions.
  Awaitable<std::optional<std::string>> rollback(Call& call);
  /// Whatever is not committed is rolled back by the server.
  void close() { lease_.reset(); }

 private:
  Lease use();
  void refuse_if_ended() const;

  std::shared_ptr<Pool> pool_;
  Lease lease_;  ///< none where it is only planned
  ValueList statements_;
  bool planned_ = !lease_;
};

}  // namespace opshost::mysql
