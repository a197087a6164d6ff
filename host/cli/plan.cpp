// opshost plan SCRIPT [ARGUMENT...]: reads the world, shows every change, changes nothing.
#include "host/base/json_text.hpp"
#include "host/cli/commands.hpp"
#include "host/cli/exit_codes.hpp"
#include "host/term/output.hpp"

namespace opshost::cli {

namespace {

int plan_script(const SessionOptions& options, const Modules& modules, std::vector<std::string> arguments) {
  const auto runtime = open_session(options, modules);
  auto& gate = runtime->gate();
  gate.mode = gate::Mode::plan;
  const auto script = find_named_script(arguments.front(), *runtime);
  arguments.erase(arguments.begin());
  const auto outcome = runtime->run_text(script.text, script.chunk_name, arguments);
  const bool ends_unknown = !outcome.returned && outcome.error.code() == "plan.unknown";
  if (ends_unknown) gate.plan.add_unknown(outcome.error.message(), outcome.at);
  if (!outcome.returned && !ends_unknown && outcome.error.code() != "exit") {
    report(outcome, options, *runtime);
    return outcome.exit_code;
  }
  const auto& plan = gate.plan;
  standard_output().write(options.json ? json_text(plan.document()) + "\n" : plan.text());
  const bool nothing_to_do = plan.changes().empty() && plan.exact();
  return static_cast<int>(nothing_to_do ? ExitCode::done : ExitCode::plan_has_changes);
}

}  // namespace

Command plan_command(const Modules& modules) {
  auto options = std::make_shared<SessionOptions>();
  Command command{.name = "plan",
                  .summary = "show what a script would change, and change nothing",
                  .arguments = "SCRIPT [ARGUMENT...]",
                  .required_arguments = 1,
                  .arguments_are_the_scripts = true,
                  .options = session_options(options)};
  command.options.push_back(
      {.name = "--json", .value_name = "", .doc = "the plan as JSON", .set = [options](const std::string&) {
         options->json = true;
       }});
  command.run = [options, modules](const std::vector<std::string>& arguments) {
    return plan_script(*options, modules, arguments);
  };
  return command;
}

}  // namespace opshost::cli
