// opshost plan SCRIPT [ARGUMENT...]: reads the world, shows every change, changes nothing.
#include "host/base/json_text.hpp"
#include "host/cli/commands.hpp"
#include "host/cli/describe.hpp"
#include "host/cli/exit_codes.hpp"
#include "host/cli/procedure_run.hpp"
#include "host/lua/convert.hpp"
#include "host/term/output.hpp"

namespace opshost::cli {

namespace {

/// The error, below what was planned before it: a run makes those changes, and then meets it, too.
int show_failed_plan(const Outcome& outcome, const SessionOptions& session, Runtime& runtime) {
  auto& plan = runtime.gate().plan;
  if (plan.changes().empty()) {
    report(outcome, session, runtime);
    return outcome.exit_code;
  }
  plan.add_unknown("an error ended the plan", outcome.at);
  if (!session.json) standard_output().write(plan.text());
  report(outcome, session, runtime, *plan.document().get_if<ValueMap>());
  return outcome.exit_code;
}

int show_plan(const Outcome& outcome, const SessionOptions& session, Runtime& runtime) {
  auto& plan = runtime.gate().plan;
  const bool ends_unknown = !outcome.returned && outcome.error.code() == "plan.unknown";
  if (ends_unknown) plan.add_unknown(outcome.error.message(), outcome.at);
  if (!outcome.returned && !ends_unknown && outcome.error.code() != "exit") {
    return show_failed_plan(outcome, session, runtime);
  }
  standard_output().write(session.json ? json_text(plan.document()) + "\n" : plan.text());
  const bool nothing_to_do = plan.changes().empty() && plan.exact();
  return static_cast<int>(nothing_to_do ? ExitCode::done : ExitCode::plan_has_changes);
}

int plan_script(SessionOptions session, RunOptions options, const Modules& modules,
                std::vector<std::string> arguments) {
  const auto runtime = open_session(session, modules);
  runtime->begin_plan();
  if (const auto failed = read_inventory(session, *runtime)) return *failed;
  const auto name = arguments.front();
  const auto script = find_named_script(name, *runtime);
  arguments.erase(arguments.begin());
  ProcedureSlot procedure;
  const auto outcome = runtime->run_text(script.text, script.chunk_name, arguments, procedure.keeper());
  if (outcome.returned) check_returned(procedure, *runtime, script.chunk_name);
  if (!procedure.is_procedure()) return show_plan(outcome, session, *runtime);
  take_run_options(arguments, options, session);
  if (asks_for_help(*runtime, procedure, name, arguments))
    return show_description(*runtime, procedure, name, script.text, session.json);
  ValueList words(arguments.begin(), arguments.end());
  return show_plan(start_procedure(*runtime, procedure,
                                   {{"mode", "plan"},
                                    {"name", lasting_script_name(name)},
                                    {"arguments", std::move(words)},
                                    {"options", options_value(options)}})
                       .outcome,
                   session, *runtime);
}

}  // namespace

Command plan_command(const Modules& modules) {
  auto session = std::make_shared<SessionOptions>();
  auto options = std::make_shared<RunOptions>();
  Command command{.name = "plan",
                  .summary = "show what a procedure or script would change, and change nothing",
                  .arguments = "SCRIPT [ARGUMENT...]",
                  .required_arguments = 1,
                  .arguments_are_the_scripts = true,
                  .options = session_options(session)};
  command.options.push_back(json_option(session, "the plan as JSON"));
  command.run = [session, options, modules](const std::vector<std::string>& arguments) {
    return plan_script(*session, *options, modules, arguments);
  };
  return command;
}

}  // namespace opshost::cli
