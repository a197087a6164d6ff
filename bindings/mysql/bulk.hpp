#pragma once
// Many rows at once: multi-row INSERTs in one transaction.
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "bindings/mysql/statements.hpp"

namespace opshost::mysql {

struct InsertOptions {
  std::optional<Duration> timeout{};
  bool repeatable = false;
  std::uint32_t rows_per_statement = 1000;
};
OPSHOST_RECORD(InsertOptions, "How to insert many rows",
               (timeout, "how long we wait; the connection's, or 60s, unless given"),
               (repeatable, "sent again it ends in the same state"),
               (rows_per_statement, "rows one INSERT has at most"))

struct InsertResult {
  std::uint64_t affected = 0;
  std::uint64_t statements = 0;
  std::vector<Warning> warnings{};
};
OPSHOST_RECORD(InsertResult, "What insert_many did", (affected, "rows it inserted"),
               (statements, "INSERT statements it took"), (warnings, "what the server warned of, at most 100"))

using InsertRow = std::map<std::string, Value>;

/// `name`, quoted. Throws usage.argument for an empty name or a NUL byte.
std::string quoted_part(const std::string& name);
/// The same; of "db.table" both parts.
std::string quoted_table(const std::string& name);

/// Throws usage.argument for a row without columns, or a value no statement can be given.
void check_row(const InsertRow& row, std::size_t number);

/// On a connection of its own; nothing is there if one row fails, where the table's engine has transactions.
Awaitable<InsertResult> insert_rows(Call& call, Lease lease, std::string table, std::vector<InsertRow> rows,
                                    InsertOptions options);

}  // namespace opshost::mysql
