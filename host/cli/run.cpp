// opshost run SCRIPT [ARGUMENT...]: a procedure, or a plain script.
#include "host/cli/commands.hpp"
#include "host/cli/describe.hpp"
#include "host/cli/procedure_run.hpp"
#include "host/journal/script_journal.hpp"
#include "host/lua/procedure.hpp"

namespace opshost::cli {

namespace {

/// A plain script has no steps to resume; its changes are in the journal for the record.
int finish_script(const Outcome& outcome, journal::ScriptJournal& journal, const SessionOptions& session,
                  Runtime& runtime) {
  if (auto* run = journal.run()) {
    ValueMap fields{{"state", outcome.returned ? "done" : "failed"},
                    {"exit_code", outcome.exit_code},
                    {"unfinished", !outcome.returned && journal.sent_any_change()}};
    if (!outcome.returned) fields.emplace_back("error", journal::to_journal_form(journal::error_fields(outcome.error)));
    write_result(*run, std::move(fields));
  }
  if (outcome.returned) return 0;
  report(outcome, session, runtime);
  return outcome.exit_code;
}

int run_script(SessionOptions session, RunOptions options, const Modules& modules, std::vector<std::string> arguments) {
  const auto runtime = open_session(session, modules);
  if (const auto failed = read_inventory(session, *runtime)) return *failed;
  const auto name = arguments.front();
  const auto script = find_named_script(name, *runtime);
  arguments.erase(arguments.begin());
  auto& vm = runtime->vm();
  const auto journal = std::make_shared<journal::ScriptJournal>(runtime->scheduler().io(), lasting_script_name(name),
                                                                arguments, [&vm] { return lua::files_of(vm); });
  runtime->gate().journal = journal;
  ProcedureSlot procedure;
  const auto outcome = runtime->run_text(script.text, script.chunk_name, arguments, procedure.keeper());
  if (outcome.returned) check_returned(procedure, *runtime, script.chunk_name);
  // A procedure's file may have changed something, too, where it stands outside of `run`.
  const int loaded = finish_script(outcome, *journal, session, *runtime);
  if (!procedure.is_procedure()) return loaded;
  runtime->gate().journal = nullptr;
  take_run_options(arguments, options, session);
  if (asks_for_help(*runtime, procedure, name, arguments))
    return show_description(*runtime, procedure, name, script.text, session.json);
  ValueList words(arguments.begin(), arguments.end());
  return run_procedure(*runtime, procedure,
                       {{"mode", "run"},
                        {"name", lasting_script_name(name)},
                        {"script", lasting_script_name(name)},
                        {"arguments", std::move(words)}},
                       options, session);
}

}  // namespace

Command run_command(const Modules& modules) {
  auto session = std::make_shared<SessionOptions>();
  auto options = std::make_shared<RunOptions>();
  Command command{.name = "run",
                  .summary = "run a procedure or a script",
                  .arguments = "SCRIPT [ARGUMENT...]",
                  .required_arguments = 1,
                  .arguments_are_the_scripts = true,
                  .options = session_options(session)};
  for (auto& option : run_options(options)) command.options.push_back(std::move(option));
  command.options.push_back(json_option(session, "say how it ended, and errors, as JSON on stdout too"));
  command.run = [session, options, modules](const std::vector<std::string>& arguments) {
    return run_script(*session, *options, modules, arguments);
  };
  return command;
}

}  // namespace opshost::cli
