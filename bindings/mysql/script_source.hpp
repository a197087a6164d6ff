#pragma once
// Where a script's statements come from: a text or a file, read and taken apart before anything is sent.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bindings/mysql/script_run.hpp"
#include "bindings/mysql/syntax/script.hpp"

namespace opshost::mysql {

struct Script {
  std::optional<std::string> file{};
  std::string text{};
  std::vector<syntax::ScriptStatement> statements{};  ///< parts of `text`

  /// "FILE:12", "line 12".
  [[nodiscard]] std::string place(std::size_t line) const;
};

/// Blocking: files, and a walk through all of the text. Throws mysql.script_file, mysql.bad_text, mysql.parse.
std::shared_ptr<Script> load_script(const ScriptSource& source, const std::string& charset);

/// An error can undo all of it: it changes rows and its own session alone.
bool is_transactional(const Script& script);

}  // namespace opshost::mysql
