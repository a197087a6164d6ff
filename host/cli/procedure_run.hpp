#pragma once
// What run, resume, cleanup and plan share once they have found a procedure.
#include <string>
#include <vector>

#include "host/cli/session.hpp"

namespace opshost::cli {

/// The options of a run, before or after the procedure's name.
struct RunOptions {
  std::optional<std::string> until;         ///< --until 05:00
  std::optional<std::string> answers_file;  ///< --answers FILE
  std::optional<std::string> in_doubt;      ///< --in-doubt retry|skip|stop
  bool yes = false;                         ///< --yes
  bool edited = false;                      ///< --edited, of resume
};

std::vector<Option> run_options(const std::shared_ptr<RunOptions>& options);

/// Takes those options out of the words that follow the procedure's name.
void take_run_options(std::vector<std::string>& words, RunOptions& options, SessionOptions& session);

/// What a script's chunk returned, where that is a procedure.
class ProcedureSlot {
 public:
  /// To be given to Runtime::run_text.
  [[nodiscard]] std::function<void(lua_State*, int)> keeper();
  [[nodiscard]] bool is_procedure() const { return reference_ != LUA_NOREF; }
  /// Pushes it.
  void push(lua_State* state) const { lua_rawgeti(state, LUA_REGISTRYINDEX, reference_); }

 private:
  int reference_ = LUA_NOREF;
};

/// A script that defines a procedure and does not return it would be taken for one that did its work. Throws
/// Error("usage.procedure").
void check_returned(const ProcedureSlot& procedure, Runtime& runtime, const std::string& chunk_name);

/// "/root/stop.lua" for a file, "ark.maintenance.stop" for a library: what the journal calls the script.
std::string lasting_script_name(const std::string& name);

struct ProcedureOutcome {
  Outcome outcome;
  Value returned;  ///< {state, value}
};

/// Runs the procedure as `request` says (stdlib/opshost/procedure/main.lua).
ProcedureOutcome start_procedure(Runtime& runtime, const ProcedureSlot& procedure, const ValueMap& request);

/// What `describe` shows of it: name, summary, source, uses, params.
Value about_procedure(Runtime& runtime, const ProcedureSlot& procedure, const std::string& name);

/// Runs it, then writes the run's last record, reports.
/// Returns the exit code.
int run_procedure(Runtime& runtime, const ProcedureSlot& procedure, ValueMap request, const RunOptions& options,
                  const SessionOptions& session);

/// The request's field `options`. Throws Error("usage.option") for a file that cannot be read.
Value options_value(const RunOptions& options);

}  // namespace opshost::cli
