#pragma once
// A server as scripts hold it: queries, changes, sessions and transactions. On the loop.
#include <memory>
#include <optional>
#include <string>

#include "bindings/mysql/bulk.hpp"
#include "bindings/mysql/client_options.hpp"
#include "bindings/mysql/script_run.hpp"
#include "bindings/mysql/statements.hpp"

namespace opshost::mysql {

class Session;
class Transaction;

class Database {
 public:
  explicit Database(Settings settings) : pool_(std::make_shared<Pool>(std::move(settings))) {}

  [[nodiscard]] std::string subject() const { return pool_->settings().target(); }
  /// For its calls that say none.
  [[nodiscard]] std::optional<Duration> default_timeout() const { return pool_->settings().timeout; }
  void close() { pool_->close(); }

  Awaitable<Fetched> query(Call& call, std::string statement, std::optional<ValueList> values, QueryOptions options);
  Awaitable<ExecuteResult> execute(Call& call, std::string statement, std::optional<ValueList> values,
                                   ExecuteOptions options);
  /// False where nobody answers; what refuses us raises.
  Awaitable<bool> alive(Call& call);
  Awaitable<std::shared_ptr<Session>> open_session(Call& call);
  /// `planned`: nothing is sent, its statements are only noted.
  Awaitable<std::shared_ptr<Transaction>> begin(Call& call, bool planned);
  Awaitable<InsertResult> insert_many(Call& call, std::string table, std::vector<InsertRow> rows,
                                      InsertOptions options);
  Awaitable<ScriptResult> script(Call& call, ScriptSource source, ScriptOptions options);
  [[nodiscard]] std::string database() const { return pool_->settings().database; }
  [[nodiscard]] std::string client_options(const std::optional<std::string>& ca) const {
    return mysql::client_options(pool_->settings(), ca);
  }

 private:
  std::shared_ptr<Pool> pool_;
};

/// One connection of its own: temporary tables, variables and locks last from one statement to the next.
class Session {
 public:
  explicit Session(Lease lease) : lease_(std::move(lease)) {}

  [[nodiscard]] std::string subject() const;
  [[nodiscard]] std::optional<Duration> default_timeout() const {
    return lease_ ? lease_->settings().timeout : std::nullopt;
  }
  void close();

  Awaitable<Fetched> query(Call& call, std::string statement, std::optional<ValueList> values, QueryOptions options);
  Awaitable<ExecuteResult> execute(Call& call, std::string statement, std::optional<ValueList> values,
                                   ExecuteOptions options);

 private:
  Lease use();
  static Awaitable<void> take_access(Call& call, Lease lease, Access access);
  Lease lease_;
};

std::shared_ptr<Database> connect(const ConnectOptions& options);

}  // namespace opshost::mysql
