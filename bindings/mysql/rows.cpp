#include "bindings/mysql/rows.hpp"

#include <memory>
#include <set>

#include "bindings/mysql/client_plugin.hpp"
#include "bindings/mysql/connector.hpp"
#include "host/base/error.hpp"

namespace opshost::mysql {

namespace {

/// Of the character set "binary", which bytes that are no text have.
constexpr unsigned kBinary = 63;

bool is_unsigned(const MYSQL_FIELD& field) { return (field.flags & UNSIGNED_FLAG) != 0; }

ValueForm form_of(const MYSQL_FIELD& field) {
  switch (field.type) {
    case MYSQL_TYPE_BIT:
      return ValueForm::bits;
    case MYSQL_TYPE_YEAR:
      return ValueForm::unsigned_integer;
    case MYSQL_TYPE_TINY:
    case MYSQL_TYPE_SHORT:
    case MYSQL_TYPE_INT24:
    case MYSQL_TYPE_LONG:
    case MYSQL_TYPE_LONGLONG:
      return is_unsigned(field) ? ValueForm::unsigned_integer : ValueForm::integer;
    case MYSQL_TYPE_FLOAT:
    case MYSQL_TYPE_DOUBLE:
      return ValueForm::number;
    default:
      return ValueForm::bytes;
  }
}

/// A result tells the length alone; that of text is in bytes of the connection's character set, up to four a character.
std::string blob_name(const MYSQL_FIELD& field) {
  constexpr unsigned long kMostBytes = 4;
  std::string size = "LONG";
  if (field.length <= 0xFFUL * kMostBytes) {
    size = "TINY";
  } else if (field.length <= 0xFFFFUL * kMostBytes) {
    size.clear();
  } else if (field.length <= 0xFFFFFFUL * kMostBytes) {
    size = "MEDIUM";
  }
  return size + (field.charsetnr == kBinary ? "BLOB" : "TEXT");
}

std::string string_name(const MYSQL_FIELD& field, const char* bytes, const char* text) {
  if ((field.flags & ENUM_FLAG) != 0) return "ENUM";
  if ((field.flags & SET_FLAG) != 0) return "SET";
  return field.charsetnr == kBinary ? bytes : text;
}

std::string type_name(const MYSQL_FIELD& field) {
  const auto number = [&field](const char* name) {
    return std::string(name) + (is_unsigned(field) ? " UNSIGNED" : "");
  };
  switch (field.type) {
    case MYSQL_TYPE_TINY:
      return number("TINYINT");
    case MYSQL_TYPE_SHORT:
      return number("SMALLINT");
    case MYSQL_TYPE_INT24:
      return number("MEDIUMINT");
    case MYSQL_TYPE_LONG:
      return number("INT");
    case MYSQL_TYPE_LONGLONG:
      return number("BIGINT");
    case MYSQL_TYPE_FLOAT:
      return number("FLOAT");
    case MYSQL_TYPE_DOUBLE:
      return number("DOUBLE");
    case MYSQL_TYPE_DECIMAL:
    case MYSQL_TYPE_NEWDECIMAL:
      return number("DECIMAL");
    case MYSQL_TYPE_BIT:
      return "BIT";
    case MYSQL_TYPE_YEAR:
      return "YEAR";
    case MYSQL_TYPE_DATE:
    case MYSQL_TYPE_NEWDATE:
      return "DATE";
    case MYSQL_TYPE_TIME:
    case MYSQL_TYPE_TIME2:
      return "TIME";
    case MYSQL_TYPE_DATETIME:
    case MYSQL_TYPE_DATETIME2:
      return "DATETIME";
    case MYSQL_TYPE_TIMESTAMP:
    case MYSQL_TYPE_TIMESTAMP2:
      return "TIMESTAMP";
    case MYSQL_TYPE_NULL:
      return "NULL";
    case MYSQL_TYPE_JSON:
      return "JSON";
    case MYSQL_TYPE_GEOMETRY:
      return "GEOMETRY";
    case MYSQL_TYPE_ENUM:
      return "ENUM";
    case MYSQL_TYPE_SET:
      return "SET";
    case MYSQL_TYPE_VARCHAR:
    case MYSQL_TYPE_VAR_STRING:
      return string_name(field, "VARBINARY", "VARCHAR");
    case MYSQL_TYPE_STRING:
      return string_name(field, "BINARY", "CHAR");
    case MYSQL_TYPE_TINY_BLOB:
    case MYSQL_TYPE_BLOB:
    case MYSQL_TYPE_MEDIUM_BLOB:
    case MYSQL_TYPE_LONG_BLOB:
      return blob_name(field);
    default:
      return "type " + std::to_string(field.type);
  }
}

[[noreturn]] void fail(st_mysql& connection) {
  throw sql::SQLException(mysql_error(&connection), mysql_sqlstate(&connection),
                          static_cast<int>(mysql_errno(&connection)));
}

}  // namespace

void ResultEnd::operator()(st_mysql_res* result) const { mysql_free_result(result); }

OpenResult open_result(st_mysql& connection) {
  OpenResult result(mysql_use_result(&connection));
  if (!result) fail(connection);
  return result;
}

std::vector<Column> read_columns(st_mysql_res& result) {
  std::vector<Column> columns;
  std::set<std::string> names;
  const unsigned count = mysql_num_fields(&result);
  const MYSQL_FIELD* fields = mysql_fetch_fields(&result);
  for (unsigned i = 0; i < count; ++i) {
    const MYSQL_FIELD& field = fields[i];
    Column column{.name = field.name,
                  .type = type_name(field),
                  .table = field.table,
                  .nullable = (field.flags & NOT_NULL_FLAG) == 0,
                  .form = form_of(field)};
    if (!names.insert(column.name).second) {
      throw Error("mysql.duplicate_column", "two columns of the result are called " + describe(Value(column.name)) +
                                                ", and a row has one value a name; give them names with AS");
    }
    columns.push_back(std::move(column));
  }
  return columns;
}

bool read_rows(st_mysql& connection, st_mysql_res& result, std::size_t max_bytes, RowBatch& batch) {
  const std::size_t columns = batch.columns();
  while (batch.size() < max_bytes) {
    const MYSQL_ROW row = mysql_fetch_row(&result);
    if (row == nullptr) {
      if (mysql_errno(&connection) != 0) fail(connection);
      return false;
    }
    const unsigned long* sizes = mysql_fetch_lengths(&result);
    for (std::size_t i = 0; i < columns; ++i) {
      row[i] == nullptr ? batch.add_null() : batch.add({row[i], sizes[i]});
    }
  }
  return true;
}

}  // namespace opshost::mysql
