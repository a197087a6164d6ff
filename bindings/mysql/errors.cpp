#include "bindings/mysql/errors.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>

#include "bindings/mysql/connector.hpp"
#include "host/base/utf8.hpp"
#include "host/lua/value_of.hpp"

namespace opshost::mysql {

namespace {

struct Known {
  int number;
  const char* code;
};

constexpr std::array kKnown = {
    Known{1040, "mysql.too_many_connections"},
    Known{1203, "mysql.too_many_connections"},
    Known{1226, "mysql.too_many_connections"},
    Known{1044, "mysql.access"},
    Known{1045, "mysql.access"},
    Known{1095, "mysql.access"},
    Known{1130, "mysql.access"},
    Known{1142, "mysql.access"},
    Known{1143, "mysql.access"},
    Known{1227, "mysql.access"},
    Known{1251, "mysql.access"},
    Known{1370, "mysql.access"},
    Known{1698, "mysql.access"},
    Known{1524, "mysql.access"},
    Known{2059, "mysql.access"},
    Known{1049, "mysql.unknown_database"},
    Known{1051, "mysql.unknown_table"},
    Known{1146, "mysql.unknown_table"},
    Known{1205, "mysql.lock_timeout"},
    Known{3572, "mysql.lock_timeout"},
    Known{1213, "mysql.deadlock"},
    Known{1062, "mysql.duplicate"},
    Known{1586, "mysql.duplicate"},
    Known{1290, "mysql.read_only"},
    Known{1792, "mysql.read_only"},
    Known{1836, "mysql.read_only"},
    Known{1153, "mysql.too_large"},
    Known{2020, "mysql.too_large"},
    Known{1064, "mysql.syntax"},
    Known{1317, "mysql.interrupted"},
    Known{1969, "mysql.interrupted"},
    Known{3024, "mysql.interrupted"},
    Known{1366, "mysql.bad_text"},
    Known{1300, "mysql.bad_text"},
    Known{3854, "mysql.bad_text"},
};

bool is_worth_repeating(std::string_view code) {
  constexpr std::array<std::string_view, 5> kCodes = {"mysql.too_many_connections", "mysql.lock_timeout",
                                                      "mysql.deadlock", "mysql.lost", "mysql.unreachable"};
  return std::ranges::find(kCodes, code) != kCodes.end();
}

ServerFailure failure_of(const sql::SQLException& failure, std::string statement, const char* stage) {
  return {.errno_value = failure.getErrorCode(),
          .sqlstate = failure.getSQLState(),
          .message = failure.what(),
          .statement = std::move(statement),
          .stage = stage};
}

/// "Can't connect ... (111)", "Got packet bigger than ...": the library's words without line ends or control bytes.
std::string words_of(const sql::SQLException& failure) { return printable(failure.what()); }

std::string numbered(const sql::SQLException& failure) {
  return " [" + std::to_string(failure.getErrorCode()) + " " + std::string(failure.getSQLState()) + "]";
}

/// "Can't connect to server on 'db1' (111)": the system's number, in words. EINPROGRESS is what the library says of
/// every connection that did not come about at once.
std::string meaning_of_errno(std::string_view words, std::optional<Duration> out_of_time) {
  const auto begin = words.rfind('(');
  if (begin == std::string_view::npos || !words.ends_with(')')) return {};
  const auto digits = words.substr(begin + 1, words.size() - begin - 2);
  int number = 0;
  const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (problem != std::errc() || end != digits.data() + digits.size() || number == 0) return {};
  if (out_of_time) return ": no answer within " + format_duration(*out_of_time);
  if (number == EINPROGRESS) return ": refused, or there is no way to it";
  return ": " + errno_text(number);
}

}  // namespace

const char* code_of(int number) {
  const auto* known = std::ranges::find(kKnown, number, &Known::number);
  return known == kKnown.end() ? "mysql.statement" : known->code;
}

bool is_lost(int number) {
  constexpr std::array kNumbers = {1053, 1079, 1152, 1158, 1159, 1160, 1161, 1184, 1927, 2006, 2013, 2055, 3168, 4031};
  return std::ranges::find(kNumbers, number) != kNumbers.end();
}

std::string shorten(const std::string& statement) {
  constexpr std::size_t kLongest = 120;
  std::string text = printable(statement.substr(0, kLongest));
  std::ranges::replace(text, '\n', ' ');
  return statement.size() > kLongest ? text + "..." : text;
}

Error connect_error(const sql::SQLException& failure, const std::string& target, std::optional<Duration> out_of_time) {
  const int number = failure.getErrorCode();
  const Value detail = value_of(failure_of(failure, "", "connect"));
  const std::string said = words_of(failure) + meaning_of_errno(failure.what(), out_of_time) + numbered(failure);
  if (number == 2026) {
    return Error("mysql.tls", "no encrypted connection: " + said).on(target).with(detail);
  }
  if (is_lost(number) || number == 2002 || number == 2003 || number == 2005 || number == 0) {
    return Error("mysql.unreachable", "no connection: " + said + "; is the server running there, and may we reach it?")
        .on(target)
        .with(detail)
        .retryable();
  }
  const std::string code = code_of(number);
  return Error(code == "mysql.statement" ? "mysql.refused" : code, "the server refused the connection: " + said)
      .on(target)
      .with(detail)
      .retryable(is_worth_repeating(code));
}

Error too_large_error(std::size_t size, std::size_t limit, const std::string& target, const std::string& statement) {
  const std::string said = "the statement and its values have " + std::to_string(size) +
                           " bytes, and the server takes at most " + std::to_string(limit) +
                           " at once (max_allowed_packet)";
  const ServerFailure detail{.errno_value = 1153,  // what the server would say, where it does not just hang up
                             .sqlstate = "08S01",
                             .message = said,
                             .statement = shorten(statement),
                             .stage = "statement"};
  return Error("mysql.too_large", said + "; nothing was sent; statement: " + shorten(statement))
      .on(target)
      .with(value_of(detail));
}

Error statement_error(const sql::SQLException& failure, const std::string& target, const std::string& statement,
                      bool changes) {
  const int number = failure.getErrorCode();
  const Value detail = value_of(failure_of(failure, shorten(statement), "statement"));
  const std::string said = words_of(failure) + numbered(failure) + "; statement: " + shorten(statement);
  if (is_lost(number)) {
    return Error("mysql.lost", "the connection was lost while a statement ran: " + said)
        .on(target)
        .with(detail)
        .retryable(!changes)
        .maybe_applied(changes);
  }
  const char* code = code_of(number);
  return Error(code, said).on(target).with(detail).retryable(is_worth_repeating(code));
}

}  // namespace opshost::mysql
