#pragma once
// What a server or the client library says, as the errors of this binding.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "host/base/error.hpp"
#include "host/lua/record.hpp"

namespace sql {
class SQLException;
}

namespace opshost::mysql {

struct ServerFailure {
  std::int64_t errno_value = 0;
  std::string sqlstate{};
  std::string message{};
  std::string statement{};
  std::string stage{};
};
OPSHOST_RECORD(ServerFailure, "What the server, or the client library, said",
               (errno_value, "the error number: 1062", named("errno")), (sqlstate, "\"23000\""),
               (message, "the server's own words"), (statement, "the beginning of the statement"),
               (stage, "\"connect\" or \"statement\""))

/// The code for an error number of a statement: "mysql.deadlock"; "mysql.statement" where it has none of its own.
const char* code_of(int number);
/// The connection is gone: 2006, 2013, a server that shuts down, a killed connection.
bool is_lost(int number);

/// While opening a connection. `out_of_time`: its timeout, where that much time has passed.
Error connect_error(const sql::SQLException& failure, const std::string& target, std::optional<Duration> out_of_time);
/// Before a statement was sent of which the server would not take so many bytes.
Error too_large_error(std::size_t size, std::size_t limit, const std::string& target, const std::string& statement);
/// While a statement ran. `changes`: it may have been applied when its answer was lost.
Error statement_error(const sql::SQLException& failure, const std::string& target, const std::string& statement,
                      bool changes);

/// The beginning of a statement for a message: one line of at most 120 bytes.
std::string shorten(const std::string& statement);

}  // namespace opshost::mysql
