#include "host/cli/procedure_run.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>

#include "host/base/json_text.hpp"
#include "host/cli/exit_codes.hpp"
#include "host/cli/failure_report.hpp"
#include "host/journal/run_start.hpp"
#include "host/lua/convert.hpp"
#include "host/lua/error_object.hpp"
#include "host/lua/natives.hpp"
#include "host/lua/procedure.hpp"
#include "host/lua/protect.hpp"
#include "host/term/output.hpp"

namespace opshost::cli {

namespace {

void set_in_doubt(RunOptions& options, const std::string& answer) {
  if (answer != "retry" && answer != "skip" && answer != "stop")
    throw Error("usage.option", "--in-doubt takes retry, skip or stop, got \"" + answer + "\"");
  options.in_doubt = answer;
}

std::string text_of(const std::string& path) {
  const std::ifstream file(path, std::ios::binary);
  if (!file) throw Error("usage.option", "--answers: cannot read " + path + ": " + errno_text(errno));
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

/// Pushes main.NAME of the engine; false: the error is pushed.
bool push_entry(lua_State* state, const char* name) {
  int count = 0;
  return lua::protect(
      state,
      [name](lua_State* inner) {
        lua::push_internal(inner, "procedure/main");
        lua_getfield(inner, -1, name);
        return 1;
      },
      count);
}

std::string state_of(const Outcome& outcome, const journal::History& history) {
  if (history.rolled_back()) return "rolled_back";
  if (history.rolling_back()) return "rollback failed";
  switch (static_cast<ExitCode>(outcome.exit_code)) {
    case ExitCode::refused:
      return "refused";
    case ExitCode::answer_needed:
      return "waiting for an answer";
    case ExitCode::deadline:
      return "stopped at its deadline";
    case ExitCode::hung_up:
    case ExitCode::interrupted:
    case ExitCode::terminated:
      return "interrupted";
    default:
      return "failed";
  }
}

struct Ending {
  std::string state;
  Value value;  ///< what `run` returned
};

/// What the last record says; a run that was only settled keeps the state it had.
Ending ending_of(const Outcome& outcome, const Value& returned, const journal::History& history,
                 const std::string& state_before) {
  if (!outcome.returned) return {state_of(outcome, history), {}};
  const auto state = text_field(returned, "state");
  const auto* value = returned.field("value");
  if (state != "settled") return {state, value == nullptr ? Value() : *value};
  return {state_before == "running" ? "interrupted" : state_before, {}};
}

void write_ending(journal::RunJournal& run, const Outcome& outcome, const Ending& ending, int exit_code) {
  ValueMap fields{{"state", ending.state}, {"exit_code", exit_code}};
  if (!ending.value.is_null()) fields.emplace_back("value", run.keep(ending.value));
  if (!outcome.returned) fields.emplace_back("error", journal::to_journal_form(journal::error_fields(outcome.error)));
  ValueList owed;
  for (const auto* cleanup : run.history().owed()) owed.emplace_back(cleanup->path);
  if (!owed.empty()) fields.emplace_back("owed", std::move(owed));
  fields.emplace_back("unfinished", run.history().unfinished_as(ending.state));
  write_result(run, std::move(fields));
  if (!run.history().unfinished()) run.locks().give_back();
}

int finish(Runtime& runtime, const Outcome& outcome, const Value& returned, const std::string& state_before,
           const SessionOptions& session) {
  auto* run = runtime.vm().context().run;
  if (run == nullptr) {
    if (!outcome.returned) report(outcome, session, runtime);
    return outcome.exit_code;
  }
  const auto ending = ending_of(outcome, returned, run->history(), state_before);
  int exit_code = outcome.returned ? 0 : outcome.exit_code;
  if (exit_code == 0 && !run->history().owed().empty()) exit_code = static_cast<int>(ExitCode::cleanup_owed);
  try {
    write_ending(*run, outcome, ending, exit_code);
  } catch (const Error& error) {
    say("opshost: the end of the run is not in its journal: " + error.message() + "\n");
    if (exit_code == 0) exit_code = static_cast<int>(ExitCode::step_failed);
  }
  if (outcome.returned) {
    report_end(*run, ending.state, ending.value, session);
  } else {
    report_failure(outcome, *run, session, runtime);
  }
  return exit_code;
}

}  // namespace

std::vector<Option> run_options(const std::shared_ptr<RunOptions>& options) {
  return {
      {.name = "--until",
       .value_name = "HH:MM",
       .doc = "begin no step after that time, and end by then",
       .set = [options](const std::string& time) { options->until = time; }},
      {.name = "--yes",
       .value_name = "",
       .doc = "answer every confirm with yes",
       .set = [options](const std::string&) { options->yes = true; }},
      {.name = "--answers",
       .value_name = "FILE",
       .doc = "answers to questions, JSON: {\"path\": \"answer\"}",
       .set = [options](const std::string& file) { options->answers_file = std::filesystem::absolute(file).string(); }},
      {.name = "--in-doubt",
       .value_name = "WHAT",
       .doc = "retry, skip or stop, where a step may have been applied and cannot tell",
       .set = [options](const std::string& answer) { set_in_doubt(*options, answer); }},
  };
}

void take_run_options(std::vector<std::string>& words, RunOptions& options, SessionOptions& session) {
  const auto shared = std::make_shared<RunOptions>(options);
  auto known = run_options(shared);
  known.push_back(
      {.name = "--json", .value_name = "", .doc = "", .set = [&session](const std::string&) { session.json = true; }});
  for (auto& option : inventory_options(session.inventory)) known.push_back(std::move(option));
  std::vector<std::string> left;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto equals = words[i].find('=');
    const auto option = std::find_if(known.begin(), known.end(), [&](const Option& candidate) {
      return candidate.name == words[i].substr(0, equals);
    });
    if (option == known.end()) {
      left.push_back(words[i]);
    } else if (option->value_name.empty()) {
      option->set({});
    } else if (equals != std::string::npos) {
      option->set(words[i].substr(equals + 1));
    } else if (i + 1 < words.size()) {
      option->set(words[++i]);
    } else {
      throw Error("usage.option", option->name + " needs a value: " + option->name + " " + option->value_name);
    }
  }
  words = std::move(left);
  options = *shared;
  choose_inventory(session.inventory);
}

std::function<void(lua_State*, int)> ProcedureSlot::keeper() {
  return [this](lua_State* thread, int results) {
    if (results < 1 || !lua::is_procedure(thread, 1)) return;
    lua_pushvalue(thread, 1);
    reference_ = luaL_ref(thread, LUA_REGISTRYINDEX);
  };
}

void check_returned(const ProcedureSlot& procedure, Runtime& runtime, const std::string& chunk_name) {
  if (procedure.is_procedure()) return;
  const auto position = lua::procedure_defined_at(runtime.vm().state());
  if (!position.starts_with(chunk_name.substr(1) + ":")) return;  // nowhere, or in a library that the script only reads
  throw Error("usage.procedure", position +
                                     ": the procedure defined here is not returned, so nothing of it runs; write " +
                                     "`return procedure.define{...}`");
}

std::string lasting_script_name(const std::string& name) {
  std::error_code ignored;
  return std::filesystem::exists(name, ignored) ? std::filesystem::absolute(name).lexically_normal().string() : name;
}

Value options_value(const RunOptions& options) {
  ValueMap fields;
  if (options.until) fields.emplace_back("until", *options.until);
  if (options.yes) fields.emplace_back("yes", true);
  if (options.answers_file) fields.emplace_back("answers", text_of(*options.answers_file));
  if (options.in_doubt) fields.emplace_back("in_doubt", *options.in_doubt);
  return fields;
}

ProcedureOutcome start_procedure(Runtime& runtime, const ProcedureSlot& procedure, const ValueMap& request) {
  lua_State* state = runtime.vm().state();
  if (!push_entry(state, "run")) throw lua::to_error(state, -1);
  procedure.push(state);
  lua::push_value(state, request);
  Value returned;
  auto outcome = runtime.run_prepared(
      2, [&returned](lua_State* thread, int results) { returned = lua::value_from_lua(thread, results); });
  return {std::move(outcome), std::move(returned)};
}

Value about_procedure(Runtime& runtime, const ProcedureSlot& procedure, const std::string& name) {
  lua_State* state = runtime.vm().state();
  if (!push_entry(state, "describe")) throw lua::to_error(state, -1);
  procedure.push(state);
  lua_pushlstring(state, name.data(), name.size());
  Value about;
  const auto outcome = runtime.run_prepared(
      2, [&about](lua_State* thread, int results) { about = lua::value_from_lua(thread, results); });
  if (!outcome.returned) throw Error(outcome.error);
  return about;
}

int run_procedure(Runtime& runtime, const ProcedureSlot& procedure, ValueMap request, const RunOptions& options,
                  const SessionOptions& session) {
  request.emplace_back("options", options_value(options));
  auto* run = runtime.vm().context().run;
  const std::string state_before = run == nullptr ? "" : run->history().state();
  const auto [outcome, returned] = start_procedure(runtime, procedure, request);
  return finish(runtime, outcome, returned, state_before, session);
}

}  // namespace opshost::cli
