// opshost run SCRIPT [ARGUMENT...]
#include "host/base/json_text.hpp"
#include "host/cli/commands.hpp"
#include "host/lua/error_object.hpp"

namespace opshost::cli {

namespace {

int run_script(const SessionOptions& options, const Modules& modules, std::vector<std::string> arguments) {
  const auto runtime = open_session(options, modules);
  const auto script = find_named_script(arguments.front(), *runtime);
  arguments.erase(arguments.begin());
  const auto outcome = runtime->run_text(script.text, script.chunk_name, arguments);
  if (outcome.returned) return 0;
  report(outcome, options, *runtime);
  return outcome.exit_code;
}

}  // namespace

Command run_command(const Modules& modules) {
  auto options = std::make_shared<SessionOptions>();
  Command command{.name = "run",
                  .summary = "run a script",
                  .arguments = "SCRIPT [ARGUMENT...]",
                  .required_arguments = 1,
                  .arguments_are_the_scripts = true,
                  .options = session_options(options)};
  command.options.push_back({.name = "--json",
                             .value_name = "",
                             .doc = "what ops.print prints, and errors, as JSON on stdout",
                             .set = [options](const std::string&) { options->json = true; }});
  command.run = [options, modules](const std::vector<std::string>& arguments) {
    return run_script(*options, modules, arguments);
  };
  return command;
}

}  // namespace opshost::cli
