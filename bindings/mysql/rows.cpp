#include "bindings/mysql/rows.hpp"

#include <memory>
#include <set>

#include "bindings/mysql/connector.hpp"
#include "host/base/error.hpp"

namespace opshost::mysql {

namespace {

ValueForm form_of(int type, bool is_signed) {
  switch (type) {
    case sql::DataType::BIT:
    case sql::DataType::YEAR:
      return ValueForm::unsigned_integer;
    case sql::DataType::TINYINT:
    case sql::DataType::SMALLINT:
    case sql::DataType::MEDIUMINT:
    case sql::DataType::INTEGER:
    case sql::DataType::BIGINT:
      return is_signed ? ValueForm::integer : ValueForm::unsigned_integer;
    case sql::DataType::REAL:
    case sql::DataType::DOUBLE:
      return ValueForm::number;
    default:
      return ValueForm::bytes;
  }
}

}  // namespace

std::vector<Column> read_columns(sql::ResultSet& result) {
  sql::ResultSetMetaData& about = *result.getMetaData();
  std::vector<Column> columns;
  std::set<std::string> names;
  const unsigned count = about.getColumnCount();
  for (unsigned i = 1; i <= count; ++i) {
    Column column;
    column.name = about.getColumnLabel(i).asStdString();
    column.type = about.getColumnTypeName(i).asStdString();
    column.table = about.getTableName(i).asStdString();
    column.nullable = about.isNullable(i) != sql::ResultSetMetaData::columnNoNulls;
    column.form = form_of(about.getColumnType(i), about.isSigned(i));
    if (!names.insert(column.name).second) {
      throw Error("mysql.duplicate_column", "two columns of the result are called " + describe(Value(column.name)) +
                                                ", and a row has one value a name; give them names with AS");
    }
    columns.push_back(std::move(column));
  }
  return columns;
}

bool read_rows(sql::ResultSet& result, std::size_t max_bytes, RowBatch& batch) {
  const auto columns = static_cast<unsigned>(batch.columns());
  while (batch.size() < max_bytes) {
    if (!result.next()) return false;
    for (unsigned i = 1; i <= columns; ++i) {
      // By ordinal and as text: looked up by name or converted by the Connector, a row costs several times as much.
      const sql::SQLString value = result.getString(i);
      result.wasNull() ? batch.add_null() : batch.add({value.c_str(), value.length()});
    }
  }
  return true;
}

}  // namespace opshost::mysql
