#include "bindings/mysql/bulk.hpp"

#include <algorithm>
#include <set>

#include "bindings/mysql/bind.hpp"

namespace opshost::mysql {

namespace {

/// What the protocol can number.
constexpr std::size_t kMostValues = 65'535;
/// Values of one statement together: far below any max_allowed_packet but the smallest.
constexpr std::size_t kMostBytes = std::size_t{1} << 20;

std::vector<std::string> columns_of(const std::vector<InsertRow>& rows) {
  std::set<std::string> names;
  for (const auto& row : rows) {
    for (const auto& [name, value] : row) names.insert(name);
  }
  return {names.begin(), names.end()};
}

std::size_t size_of(const InsertRow& row) {
  std::size_t size = 0;
  for (const auto& [name, value] : row) {
    const auto* text = value.get_if<std::string>();
    size += text == nullptr ? 8 : text->size();
  }
  return size;
}

class Inserter {
 public:
  Inserter(Link& link, const std::string& table, const std::vector<std::string>& columns)
      : link_(link), columns_(columns) {
    begin_ = "INSERT INTO " + quoted_table(table) + " (";
    for (const auto& column : columns) begin_ += (&column == &columns.front() ? "" : ", ") + quoted_part(column);
    begin_ += ") VALUES ";
    for (std::size_t i = 0; i < columns.size(); ++i) one_ += i == 0 ? "(?" : ",?";
    one_ += ')';
  }

  void insert(const InsertRow* begin, const InsertRow* end, InsertResult& result) {
    std::string statement = begin_;
    ValueList values;
    values.reserve(static_cast<std::size_t>(end - begin) * columns_.size());
    for (const InsertRow* row = begin; row != end; ++row) {
      if (row != begin) statement += ',';
      statement += one_;
      for (const auto& column : columns_) {
        const auto value = row->find(column);
        values.push_back(value == row->end() ? Value() : value->second);
      }
    }
    ExecuteOutcome outcome = link_.execute_repeated(statement, values);
    result.affected += outcome.affected;
    ++result.statements;
    for (auto& warning : outcome.warnings) {
      if (result.warnings.size() < 100) result.warnings.push_back(std::move(warning));
    }
  }

 private:
  Link& link_;
  const std::vector<std::string>& columns_;
  std::string begin_;
  std::string one_;
};

/// A server warns of what it could not roll back; of a connection that is gone nobody knows.
[[noreturn]] void undo(Link& link, const Error& failure) {
  Error told = failure;
  if (failure.is_maybe_applied() || !link.is_usable()) throw told;
  std::optional<std::string> kept;
  try {
    kept = link.roll_back();
  } catch (const Error& broken) {
    kept = "ROLLBACK failed: " + broken.message();
  }
  if (!kept) throw told;
  told = Error(failure.code(), failure.message() + "; rows that were inserted before stay: " + *kept)
             .on(failure.target())
             .with(failure.detail())
             .maybe_applied();
  throw told;
}

/// Blocking.
InsertResult insert_all(Link& link, const std::string& table, const std::vector<InsertRow>& rows, std::size_t most) {
  const auto columns = columns_of(rows);
  const std::size_t per_statement = std::clamp<std::size_t>(kMostValues / columns.size(), 1, most);
  InsertResult result;
  Inserter inserter(link, table, columns);
  link.run("START TRANSACTION");
  try {
    for (std::size_t i = 0; i < rows.size();) {
      std::size_t end = i;
      std::size_t bytes = 0;
      while (end < rows.size() && end - i < per_statement && bytes < kMostBytes) bytes += size_of(rows[end++]);
      inserter.insert(rows.data() + i, rows.data() + end, result);
      i = end;
    }
  } catch (const Error& failure) {
    undo(link, failure);
  }
  link.run_change("COMMIT");
  return result;
}

}  // namespace

void check_row(const InsertRow& row, std::size_t number) {
  if (row.empty()) throw Error("usage.argument", "row " + std::to_string(number) + " has no columns");
  for (const auto& [name, value] : row) {
    if (value.get_if<ValueList>() == nullptr && value.get_if<ValueMap>() == nullptr &&
        value.get_if<Opaque>() == nullptr)
      continue;
    throw Error("usage.argument", "row " + std::to_string(number) + ", column " + describe(Value(name)) + ", is " +
                                      describe(value) + ": a column takes strings, numbers, booleans and ops.null");
  }
}

std::string quoted_part(const std::string& name) {
  if (name.empty() || name.find('\0') != std::string::npos) {
    throw Error("usage.argument", describe(Value(name)) + " is no name of a table or column");
  }
  std::string quoted = "`";
  for (const char c : name) quoted += c == '`' ? std::string("``") : std::string(1, c);
  return quoted + '`';
}

std::string quoted_table(const std::string& name) {
  const auto dot = name.find('.');
  if (dot == std::string::npos) return quoted_part(name);
  return quoted_part(name.substr(0, dot)) + "." + quoted_part(name.substr(dot + 1));
}

Awaitable<InsertResult> insert_rows(Call& call, Lease lease, std::string table, std::vector<InsertRow> rows,
                                    InsertOptions options) {
  auto work = [table = std::move(table), rows = std::move(rows),
               most = std::max<std::size_t>(options.rows_per_statement, 1)](Link& link) {
    return insert_all(link, table, rows, most);
  };
  co_return co_await on_link(call, std::move(lease), std::move(work));
}

}  // namespace opshost::mysql
