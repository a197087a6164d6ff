#pragma once
// Rows as plain C++ values: they cross from a blocking thread to the loop this way. Every value is the server's own
// text, which is exact (of BIT its bytes); what it becomes in Lua is decided once for a column.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "host/lua/record.hpp"

struct st_mysql;
struct st_mysql_res;

namespace opshost::mysql {

enum class ValueForm : std::uint8_t {
  integer,  ///< a Lua number up to 2^53, beyond it ops.int64
  unsigned_integer,
  bits,    ///< BIT: the bytes of an unsigned integer, the most significant one first
  number,  ///< FLOAT and DOUBLE
  bytes,   ///< everything else: text, exact decimals, dates, blobs
};

struct Column {
  std::string name{};
  std::string type{};
  std::string table{};
  bool nullable = true;
  ValueForm form = ValueForm::bytes;
};
OPSHOST_RECORD(Column, "A column of a result", (name, "its name, or the alias it was given"),
               (type, "the server's name of its type: \"BIGINT UNSIGNED\""),
               (table, "the table it comes from; empty for an expression"), (nullable, "false: it is never NULL"))

/// Rows of one result, one after the other, each value with its size.
class RowBatch {
 public:
  static constexpr std::uint32_t kNull = 0xFFFFFFFF;

  void reserve_columns(std::size_t columns) { columns_ = columns; }
  void add(std::string_view value) {
    sizes_.push_back(static_cast<std::uint32_t>(value.size()));
    bytes_.append(value);
  }
  void add_null() { sizes_.push_back(kNull); }

  [[nodiscard]] std::size_t columns() const { return columns_; }
  [[nodiscard]] std::size_t rows() const { return columns_ == 0 ? 0 : sizes_.size() / columns_; }
  [[nodiscard]] std::size_t size() const { return bytes_.size() + sizes_.size() * sizeof(std::uint32_t); }
  [[nodiscard]] const std::vector<std::uint32_t>& sizes() const { return sizes_; }
  [[nodiscard]] const std::string& bytes() const { return bytes_; }

 private:
  std::size_t columns_ = 0;
  std::vector<std::uint32_t> sizes_;
  std::string bytes_;
};

/// A result whose rows are still on their way. Through the ResultSet of the Connector each row is copied twice more, so
/// rows are taken from the library beneath it.
struct ResultEnd {
  void operator()(st_mysql_res* result) const;
};
using OpenResult = std::unique_ptr<st_mysql_res, ResultEnd>;

/// Blocking. The result of the statement that was just executed; throws sql::SQLException where it has none.
OpenResult open_result(st_mysql& connection);

/// The columns of an open result; throws Error("mysql.duplicate_column") where two have one name.
std::vector<Column> read_columns(st_mysql_res& result);

/// Blocking. Appends rows up to about `max_bytes`; false: that was the end. Throws sql::SQLException.
bool read_rows(st_mysql& connection, st_mysql_res& result, std::size_t max_bytes, RowBatch& batch);

}  // namespace opshost::mysql
