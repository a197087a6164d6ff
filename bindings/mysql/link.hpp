#pragma once
// One open connection. Every member function but those marked blocks, and runs on a blocking thread; one at a time.
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bindings/mysql/rows.hpp"
#include "bindings/mysql/settings.hpp"
#include "bindings/mysql/way.hpp"
#include "host/base/error.hpp"
#include "host/base/value.hpp"

struct st_mysql;
namespace sql {
class Connection;
class PreparedStatement;
class ResultSet;
class SQLException;
class Statement;
}  // namespace sql

namespace opshost::mysql {

enum class Access : std::uint8_t { read_only, read_write };

struct Warning {
  std::string level{};
  std::int64_t code = 0;
  std::string message{};
};
OPSHOST_RECORD(Warning, "What the server warned of", (level, "\"Note\", \"Warning\" or \"Error\""),
               (code, "its number"), (message, "its words"))

/// One result of a statement: rows, or nothing but a count.
struct RowResult {
  std::vector<Column> columns{};
  RowBatch rows{};
};

struct ExecuteOutcome {
  std::uint64_t affected = 0;
  std::optional<std::uint64_t> last_insert_id{};
  std::vector<Warning> warnings{};
  std::vector<RowResult> results{};
};

/// What ended a transaction before its COMMIT.
struct TransactionEnd {
  std::string statement{};
  std::optional<Error> cause{};  ///< its failure, with which the server rolled back; none: it committed what was open
};

class Link {
 public:
  /// Throws Error("mysql.unreachable"), ("mysql.access"), ("mysql.tls"), ...
  static std::shared_ptr<Link> open(const Settings& settings, const Way& way);

  ~Link();
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  /// Makes the session READ ONLY, or not: a change there is refused by the server.
  void set_access(Access access);
  /// Of the loop: what set_access last said.
  [[nodiscard]] Access access() const { return access_; }

  /// Begins a query whose rows come from fetch(). The values are bound by the server, never spliced.
  void begin_query(const std::string& statement, const ValueList& values);
  [[nodiscard]] const std::vector<Column>& columns() const { return columns_; }
  /// Rows up to about `max_bytes`; false: that was the end, and the connection is free.
  bool fetch(std::size_t max_bytes, RowBatch& batch);

  ExecuteOutcome execute(const std::string& statement, const ValueList& values, std::size_t max_result_bytes);
  /// A statement of our own, without values and results. Throws what the server says.
  void run(const std::string& statement);
  /// The same for one that may have been applied when its answer is lost.
  void run_change(const std::string& statement);
  /// An INSERT with values, prepared once for all calls with the same text. Gives the count and warnings.
  ExecuteOutcome execute_repeated(const std::string& statement, const ValueList& values);

  /// START TRANSACTION; from then on transaction_end() tells what ended it.
  void begin_transaction();
  /// ROLLBACK. What of it the server could not take back, in its words; nullopt: nothing is left.
  std::optional<std::string> roll_back();
  /// For the loop, while no call is in progress. A deadlock ends a transaction, and so does a procedure that commits.
  [[nodiscard]] const std::optional<TransactionEnd>& transaction_end() const { return transaction_end_; }
  /// The server said with its last answer that a transaction is open.
  [[nodiscard]] bool in_transaction() const;
  /// Each statement is a transaction of its own: none is open, and autocommit is on.
  [[nodiscard]] bool commits_each() const;

  /// For any thread: ends what the connection waits for. It is of no use afterwards.
  void cut();
  /// For the loop: nothing more may be asked of it.
  void spoil() { spoilt_ = true; }
  /// For the loop: a call is in progress, on another thread.
  [[nodiscard]] bool in_call() const { return in_call_; }
  void set_in_call(bool in_call) { in_call_ = in_call; }
  /// For the loop, while no call is in progress: it may be used again. A server that closed it is noticed here.
  [[nodiscard]] bool is_usable() const;

  [[nodiscard]] std::uint64_t id() const { return id_; }
  [[nodiscard]] const std::string& cipher() const { return cipher_; }
  [[nodiscard]] const std::string& server_version() const { return version_; }
  [[nodiscard]] const Settings& settings() const { return settings_; }
  /// That it was opened by, for another connection to the same server.
  [[nodiscard]] const Way& way() const { return way_; }

 private:
  Link(Settings settings, Way way);

  void connect();
  void connect_to(const std::string& place);
  void set_session_defaults();
  /// Statements take as long as they take; opening does not.
  void wait_without_end();
  void look_at_transaction(const std::string& statement, const std::optional<Error>& cause);
  /// Throws mysql.too_large. The server would hang up, sometimes before it has said why.
  void check_size(const std::string& statement, const ValueList& values);
  void set_variables(const std::string& statement, ValueList values);
  void execute_with_variables(const std::string& statement, const ValueList& values);
  std::uint64_t execute_prepared(const std::string& statement, const ValueList& values);
  void collect_results(ExecuteOutcome& outcome, std::size_t max_bytes);
  std::vector<Warning> read_warnings();
  void end_result();
  void send(const std::string& statement, bool changes);
  [[noreturn]] void fail(const sql::SQLException& failure, const std::string& statement, bool changes);

  Settings settings_;
  Way way_;
  std::unique_ptr<sql::Connection> connection_;
  std::unique_ptr<sql::Statement> statement_;
  OpenResult result_;
  std::string result_of_;
  bool has_prepared_ = false;
  std::vector<Column> columns_;
  /// "SET @opshost_1 = ?, ..., @opshost_statement = ?", by the number of values.
  std::map<std::size_t, std::unique_ptr<sql::PreparedStatement>> setters_;
  std::string repeated_text_;
  std::unique_ptr<sql::PreparedStatement> repeated_;
  st_mysql* native_ = nullptr;
  int socket_ = -1;
  std::uint64_t id_ = 0;
  std::string cipher_;
  std::string version_;
  bool watches_transaction_ = false;
  std::optional<TransactionEnd> transaction_end_;
  std::optional<std::size_t> max_packet_;  ///< of a statement; asked for when a large one comes
  Access access_ = Access::read_write;
  std::atomic<bool> spoilt_{false};
  bool in_call_ = false;  ///< the loop's
};

}  // namespace opshost::mysql
