// MySQL Connector/C++ in a plain program, as its documentation shows it.
// mysql_raw SOCKET select COUNT: that many SELECT 1; mysql_raw SOCKET rows COUNT: one forward-only result of so many
// rows
#include <mysql_connection.h>
#include <mysql_driver.h>

#include <cppconn/exception.h>
#include <cppconn/resultset.h>
#include <cppconn/statement.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

namespace {

std::unique_ptr<sql::Connection> connect(const char* socket) {
  sql::ConnectOptionsMap options;
  options["hostName"] = sql::SQLString(std::string("unix://") + socket);
  options["userName"] = sql::SQLString("root");
  options["OPT_CHARSET_NAME"] = sql::SQLString("utf8mb4");
  return std::unique_ptr<sql::Connection>(sql::mysql::get_mysql_driver_instance()->connect(options));
}

void select(sql::Statement& statement, int count) {
  for (int i = 0; i < count; ++i) {
    const std::unique_ptr<sql::ResultSet> result(statement.executeQuery("SELECT 1 AS one"));
    while (result->next()) {
      if (result->getInt(1) != 1) std::abort();
    }
  }
}

int rows(sql::Statement& statement, int count) {
  const std::string query = "SELECT seq AS id, CONCAT('host-', seq) AS name, seq * 1.25e0 AS value FROM seq_1_to_";
  const std::unique_ptr<sql::ResultSet> result(statement.executeQuery(query + std::to_string(count)));
  int seen = 0;
  std::size_t bytes = 0;
  while (result->next()) {
    ++seen;
    bytes += static_cast<std::size_t>(result->getInt64(1)) + result->getString(2).length();
    bytes += static_cast<std::size_t>(result->getDouble(3));
  }
  return bytes > 0 ? seen : -1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const int count = std::atoi(argv[3]);
  try {
    const auto connection = connect(argv[1]);
    connection->setSchema("app");
    const std::unique_ptr<sql::Statement> statement(connection->createStatement());
    statement->setResultSetType(sql::ResultSet::TYPE_FORWARD_ONLY);
    if (std::strcmp(argv[2], "select") == 0) {
      select(*statement, count);
    } else if (count > 0 && rows(*statement, count) != count) {
      return 1;
    }
  } catch (const sql::SQLException& failure) {
    std::fprintf(stderr, "mysql_raw: %s\n", failure.what());
    return 1;
  }
  return 0;
}
