#include "bindings/mysql/link.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <sstream>

#include "bindings/mysql/bind.hpp"
#include "bindings/mysql/client_plugin.hpp"
#include "bindings/mysql/connector.hpp"
#include "bindings/mysql/errors.hpp"
#include "bindings/mysql/handshake.hpp"
#include "bindings/mysql/syntax/statement.hpp"

namespace opshost::mysql {

namespace {

int whole_seconds(Duration duration) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(duration).count();
  return static_cast<int>(std::clamp<decltype(seconds)>(seconds, 1, 31'536'000));
}

void add_tls(sql::ConnectOptionsMap& options, const Settings& settings) {
  if (!settings.tls) return;
  options["sslEnforce"] = true;
  if (settings.tls->verify) options["sslCA"] = sql::SQLString(trusted_certificates(*settings.tls));
  if (settings.tls->cert) options["sslCert"] = sql::SQLString(*settings.tls->cert);
  if (settings.tls->key) options["sslKey"] = sql::SQLString(*settings.tls->key);
}

/// `place`: "tcp://10.0.0.1", "tcp://[::1]", "unix:///run/mysqld/mysqld.sock".
sql::ConnectOptionsMap options_from(const Settings& settings, const std::string& place) {
  sql::ConnectOptionsMap options;
  options["hostName"] = sql::SQLString(place);
  if (place.starts_with("tcp:")) options["port"] = static_cast<int>(settings.port);
  options["userName"] = sql::SQLString(settings.user);
  options["password"] = sql::SQLString(settings.password.empty() ? "" : settings.password.reveal());
  if (!settings.database.empty()) options["schema"] = sql::SQLString(settings.database);
  options["OPT_CHARSET_NAME"] = sql::SQLString(settings.charset);
  options["characterSetResults"] = sql::SQLString(settings.charset);
  // A server may also fall silent after it took the connection, in the middle of the handshake.
  for (const char* name : {"OPT_CONNECT_TIMEOUT", "OPT_READ_TIMEOUT", "OPT_WRITE_TIMEOUT"}) {
    options[name] = whole_seconds(settings.connect_timeout);
  }
  options["defaultAuth"] = sql::SQLString(kHandshakePlugin);
  add_tls(options, settings);
  return options;
}

}  // namespace

std::shared_ptr<Link> Link::open(const Settings& settings, const Way& way) {
  std::shared_ptr<Link> link(new Link(settings, way));  // the constructor is private
  link->connect();
  return link;
}

Link::Link(Settings settings, Way way) : settings_(std::move(settings)), way_(std::move(way)) {}

// Freeing a result reads its rows to the end, however many are on their way.
Link::~Link() {
  if (result_) cut();
}

void Link::connect() {
  if (!way_.socket.empty()) return connect_to("unix://" + way_.socket);
  for (auto address = way_.addresses.begin(); address != way_.addresses.end(); ++address) {
    try {
      return connect_to("tcp://" + bracketed(*address));
    } catch (const Error& error) {
      if (error.code() != "mysql.unreachable" || address + 1 == way_.addresses.end()) throw;
    }
  }
}

void Link::connect_to(const std::string& place) {
  sql::Driver& driver = connector();
  Handshake handshake{
      .tls = &settings_.tls,
      .server_name = settings_.tls && settings_.tls->server_name ? *settings_.tls->server_name : settings_.host,
      .private_way = settings_.is_private_way(),
      .take_public_key = settings_.get_server_public_key};
  const HandshakeScope scope(handshake);
  const auto began = Clock::now();
  try {
    auto options = options_from(settings_, place);
    connection_.reset(driver.connect(options));
  } catch (const sql::SQLException& failure) {
    if (!handshake.refusal.empty()) {
      throw Error("mysql.tls", "no encrypted connection: " + handshake.refusal + "; no password was sent")
          .on(settings_.target());
    }
    const bool waited = Clock::now() - began >= settings_.connect_timeout;
    const auto out_of_time = waited ? std::optional(settings_.connect_timeout) : std::nullopt;
    const Error error = connect_error(failure, settings_.target(), out_of_time);
    throw error;
  }
  native_ = handshake.native;
  socket_ = handshake.socket;
  cipher_ = handshake.cipher;
  id_ = mysql_thread_id(native_);
  version_ = mysql_get_server_info(native_);
  statement_.reset(connection_->createStatement());
  statement_->setResultSetType(sql::ResultSet::TYPE_FORWARD_ONLY);
  set_session_defaults();
  wait_without_end();
}

void Link::wait_without_end() {
  MARIADB_PVIO* pvio = native_->net.pvio;
  pvio->methods->set_timeout(pvio, PVIO_READ_TIMEOUT, 0);
  pvio->methods->set_timeout(pvio, PVIO_WRITE_TIMEOUT, 0);
}

// The Connector has set REPEATABLE READ, whatever the server's own default is.
void Link::set_session_defaults() {
  try {
    statement_->execute("SET SESSION tx_isolation = DEFAULT");
  } catch (const sql::SQLException&) {
    run("SET SESSION transaction_isolation = DEFAULT");  // the only name MySQL 8 and MariaDB 11.1 know
  }
}

void Link::fail(const sql::SQLException& failure, const std::string& statement, bool changes) {
  if (is_lost(failure.getErrorCode())) spoilt_ = true;
  const Error error = statement_error(failure, settings_.target(), statement, changes);
  look_at_transaction(statement, error);
  throw error;
}

bool Link::in_transaction() const { return (native_->server_status & SERVER_STATUS_IN_TRANS) != 0; }

bool Link::commits_each() const {
  return !in_transaction() && (native_->server_status & SERVER_STATUS_AUTOCOMMIT) != 0;
}

void Link::begin_transaction() {
  run("START TRANSACTION");
  watches_transaction_ = true;
}

std::optional<std::string> Link::roll_back() {
  const ExecuteOutcome outcome = execute("ROLLBACK", {}, 0);
  if (outcome.warnings.empty()) return std::nullopt;
  return outcome.warnings.front().message;
}

// An error tells nothing of the transaction: the next answer does.
void Link::look_at_transaction(const std::string& statement, const std::optional<Error>& cause) {
  if (!watches_transaction_ || transaction_end_ || spoilt_) return;
  if (cause) {
    try {
      statement_->execute("DO 0");
    } catch (const sql::SQLException&) {
      spoilt_ = true;  // what cannot be asked is not trusted with the rest of a transaction
      return;
    }
  }
  if (!in_transaction()) transaction_end_ = {.statement = statement, .cause = cause};
}

void Link::send(const std::string& statement, bool changes) {
  connector();
  try {
    statement_->execute(statement);
  } catch (const sql::SQLException& failure) {
    fail(failure, statement, changes);
  }
}

void Link::run(const std::string& statement) { send(statement, false); }

void Link::run_change(const std::string& statement) { send(statement, true); }

ExecuteOutcome Link::execute_repeated(const std::string& statement, const ValueList& values) {
  connector();
  check_size(statement, values);
  ExecuteOutcome outcome;
  try {
    if (!repeated_ || repeated_text_ != statement) {
      repeated_.reset(connection_->prepareStatement(statement));
      repeated_text_ = statement;
    }
    const BoundValues bound(*repeated_, values, settings_.charset);
    outcome.affected = static_cast<std::uint64_t>(repeated_->executeUpdate());
    if (mysql_warning_count(native_) > 0) outcome.warnings = read_warnings();
  } catch (const sql::SQLException& failure) {
    fail(failure, statement, true);
  }
  return outcome;
}

void Link::check_size(const std::string& statement, const ValueList& values) {
  constexpr std::size_t kSmall = std::size_t{32} << 10;
  std::size_t size = statement.size();
  for (const Value& value : values) {
    const auto* text = value.get_if<std::string>();
    size += text == nullptr ? sizeof(std::int64_t) : text->size();
  }
  if (size <= kSmall) return;
  if (!max_packet_) {
    try {
      const std::unique_ptr<sql::ResultSet> answer(statement_->executeQuery("SELECT @@max_allowed_packet"));
      max_packet_ = answer->next() ? static_cast<std::size_t>(answer->getUInt64(1)) : SIZE_MAX;
    } catch (const sql::SQLException& failure) {
      fail(failure, "SELECT @@max_allowed_packet", false);
    }
  }
  if (size < *max_packet_) return;
  const Error error = too_large_error(size, *max_packet_, settings_.target(), statement);
  throw error;
}

void Link::set_access(Access access) {
  run(access == Access::read_only ? "SET SESSION TRANSACTION READ ONLY" : "SET SESSION TRANSACTION READ WRITE");
  access_ = access;
}

// Prepared by the server and executed with variables: that way results come as text, row by row. A prepared statement
// of the Connector has its whole result in memory, and cuts long decimals.
void Link::set_variables(const std::string& statement, ValueList values) {
  auto& setter = setters_[values.size()];
  if (!setter) {
    std::string text = "SET ";
    for (std::size_t i = 1; i <= values.size(); ++i) text += "@opshost_" + std::to_string(i) + " = ?, ";
    setter.reset(connection_->prepareStatement(text + "@opshost_statement = ?"));
  }
  values.emplace_back(statement);
  const BoundValues bound(*setter, values, settings_.charset);
  setter->execute();
}

void Link::execute_with_variables(const std::string& statement, const ValueList& values) {
  set_variables(statement, values);
  statement_->execute("PREPARE opshost FROM @opshost_statement");
  has_prepared_ = true;
  std::string execute = "EXECUTE opshost USING ";
  for (std::size_t i = 1; i <= values.size(); ++i) {
    execute += (i == 1 ? "@opshost_" : ", @opshost_") + std::to_string(i);
  }
  statement_->execute(execute);
}

void Link::begin_query(const std::string& statement, const ValueList& values) {
  connector();
  check_size(statement, values);
  result_of_ = statement;
  try {
    values.empty() ? (void)statement_->execute(statement) : execute_with_variables(statement, values);
    result_ = open_result(*native_);
    columns_ = read_columns(*result_);
  } catch (const sql::SQLException& failure) {
    if (is_lost(failure.getErrorCode())) spoilt_ = true;
    end_result();
    fail(failure, statement, false);
  } catch (const Error&) {
    spoilt_ = true;  // its rows are still on the way
    throw;
  }
}

bool Link::fetch(std::size_t max_bytes, RowBatch& batch) {
  connector();
  batch.reserve_columns(columns_.size());
  try {
    if (read_rows(*native_, *result_, max_bytes, batch)) return true;
    end_result();
    return false;
  } catch (const sql::SQLException& failure) {
    spoilt_ = true;
    fail(failure, result_of_, false);
  }
}

void Link::end_result() {
  result_.reset();
  if (std::exchange(has_prepared_, false) && !spoilt_) statement_->execute("DEALLOCATE PREPARE opshost");
}

std::uint64_t Link::execute_prepared(const std::string& statement, const ValueList& values) {
  const std::unique_ptr<sql::PreparedStatement> prepared(connection_->prepareStatement(statement));
  const BoundValues bound(*prepared, values, settings_.charset);
  return static_cast<std::uint64_t>(prepared->executeUpdate());
}

namespace {

/// The library keeps the last id through statements that make none.
bool inserts(const std::string& statement) {
  const auto about = syntax::classify(statement);
  return about.verb == "INSERT" || about.verb == "REPLACE";
}

/// It answers with a count alone, so its values may be bound the short way.
bool answers_with_count(const std::string& statement) {
  const auto about = syntax::classify(statement);
  const bool plain =
      about.verb == "INSERT" || about.verb == "UPDATE" || about.verb == "DELETE" || about.verb == "REPLACE";
  return plain && syntax::upper(statement).find("RETURNING") == std::string::npos;
}

}  // namespace

ExecuteOutcome Link::execute(const std::string& statement, const ValueList& values, std::size_t max_result_bytes) {
  connector();
  check_size(statement, values);
  ExecuteOutcome outcome;
  try {
    if (!values.empty() && answers_with_count(statement)) {
      outcome.affected = execute_prepared(statement, values);
    } else {
      if (values.empty()) {
        statement_->execute(statement);
      } else {
        execute_with_variables(statement, values);
      }
      collect_results(outcome, max_result_bytes);
    }
    if (const auto id = mysql_insert_id(native_); id != 0 && inserts(statement)) outcome.last_insert_id = id;
    if (mysql_warning_count(native_) > 0) outcome.warnings = read_warnings();
    end_result();
    look_at_transaction(statement, std::nullopt);
  } catch (const sql::SQLException& failure) {
    result_.reset();
    fail(failure, statement, true);
  } catch (const Error& unfit) {
    spoilt_ = true;  // its rows are still on the way
    Error error = unfit;
    error.set_maybe_applied(!syntax::classify(statement).only_reads);
    throw error;
  }
  return outcome;
}

// A statement gives rows or a count; CALL gives several, each of them one or the other.
void Link::collect_results(ExecuteOutcome& outcome, std::size_t max_bytes) {
  constexpr auto kNoCount = ~std::uint64_t{0};
  std::size_t taken = 0;
  bool rows = statement_->getUpdateCount() == kNoCount;
  for (;;) {
    if (rows) {
      RowResult& result = outcome.results.emplace_back();
      result_ = open_result(*native_);
      result.columns = read_columns(*result_);
      result.rows.reserve_columns(result.columns.size());
      if (read_rows(*native_, *result_, max_bytes - taken, result.rows)) {
        throw Error("mysql.too_large", "the results are larger than " + format_size(Size{max_bytes}) +
                                           " (max_result), and were not kept; read them with rows()")
            .on(settings_.target());
      }
      taken += result.rows.size();
      result_.reset();
    }
    if (mysql_more_results(native_) == 0) break;
    rows = statement_->getMoreResults();
  }
  // The count of CALL is that of its last statement, and comes after all rows.
  if (!rows) outcome.affected = mysql_affected_rows(native_);
}

std::vector<Warning> Link::read_warnings() {
  const std::unique_ptr<sql::ResultSet> found(statement_->executeQuery("SHOW WARNINGS LIMIT 100"));
  std::vector<Warning> warnings;
  while (found->next()) {
    warnings.push_back({.level = found->getString(1), .code = found->getInt64(2), .message = found->getString(3)});
  }
  return warnings;
}

// Closing it then resets it. After an orderly end a server that waits for us to read on would go on waiting: what we
// have not read leaves it no window, and nothing tells it before the kernel forgets the connection a minute later.
void Link::cut() {
  spoilt_ = true;
  if (socket_ < 0) return;
  constexpr linger kReset{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &kReset, sizeof(kReset));
  ::shutdown(socket_, SHUT_RDWR);
}

// A server that closed the connection, or said goodbye on it, has left something to read.
bool Link::is_usable() const {
  if (spoilt_ || result_) return false;
  pollfd look{.fd = socket_, .events = POLLIN, .revents = 0};
  return ::poll(&look, 1, 0) == 0;
}

}  // namespace opshost::mysql
