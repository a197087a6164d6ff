#pragma once
// Rows as Lua tables: column names are put on the stack once, each row is one table with the names as keys.
#include "bindings/mysql/statements.hpp"
#include "bindings/mysql/transaction.hpp"
#include "host/lua/callable.hpp"
#include "host/lua/unknown.hpp"

namespace opshost {
template <>
struct TypeOf<mysql::Fetched> {
  static const Type& get() { return detail::list_type(detail::map_type(type_of<Any>())); }
};
template <>
struct TypeOf<mysql::TransactionResult> {
  static const Type& get() { return type_of<mysql::ExecuteResult>(); }
};
}  // namespace opshost

namespace opshost::mysql {
/// Pushes the list. Its metatable, and that of each row, gives the field `columns`: a row has no key where a value is
/// NULL. May raise (memory).
void push_rows(lua_State* state, const Fetched& fetched);
}  // namespace opshost::mysql

namespace opshost::lua {
/// As the query functions of the stdlib get it: the list of rows, in whose field `more` the cursor is, if there is one.
template <>
struct Convert<mysql::Fetched> {
  static void push(lua_State* state, const mysql::Fetched& fetched) { mysql::push_rows(state, fetched); }
};

/// Where the transaction is only planned, what a statement would do is not known.
template <>
struct PushResult<mysql::TransactionResult> {
  static void push(lua_State* state, const mysql::TransactionResult& done, const FunctionInfo&,
                   std::optional<Duration>) {
    if (done.planned) return push_unknown(state, type_of<mysql::ExecuteResult>(), "result of a planned transaction");
    lua::push(state, done.result);
  }
};
}  // namespace opshost::lua
