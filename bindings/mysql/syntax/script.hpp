#pragma once
// A file of SQL as its statements, the way the mysql client takes it apart: DELIMITER, comments, strings.
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "bindings/mysql/syntax/lexer.hpp"

namespace opshost::mysql::syntax {

struct ScriptStatement {
  std::string_view text{};  ///< without its delimiter and without comments before it
  std::size_t line = 0;     ///< where it begins, from 1
};

/// Every statement, in order. Throws SqlFault for what cannot be read, for a statement without an end in an open quote
/// or comment, and for commands of the mysql client, which are no SQL ("source", "\.", "\!").
std::vector<ScriptStatement> split_script(std::string_view text);

}  // namespace opshost::mysql::syntax
