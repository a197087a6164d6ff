#pragma once
// What a person is told of a procedure that is not run: `opshost describe`, and --help behind a procedure's name.
#include <string>
#include <vector>

#include "host/cli/procedure_run.hpp"

namespace opshost::cli {

/// True where --help or -h is among the words behind a procedure's name, but not as a parameter's value. Options of
/// opshost's own are taken out of them before.
bool asks_for_help(Runtime& runtime, const ProcedureSlot& procedure, const std::string& name,
                   const std::vector<std::string>& words);

/// Writes its parameters, what it may do, its steps and questions as far as its text and that of the files it
/// loads tell; as JSON under --json.
/// Returns the exit code.
int show_description(Runtime& runtime, const ProcedureSlot& procedure, const std::string& name,
                     const std::string& script_text, bool json);

}  // namespace opshost::cli
