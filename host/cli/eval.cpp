// opshost eval LUA [ARGUMENT...]: one piece of Lua from the command line.
#include "host/cli/commands.hpp"
#include "host/cli/eval.hpp"
#include "host/cli/print_values.hpp"

namespace opshost::cli {

Outcome evaluate(Runtime& runtime, const std::string& text, const std::string& chunk_name,
                 const std::vector<std::string>& arguments) {
  lua_State* state = runtime.vm().state();
  const std::string expression = "return " + text;
  // An expression is worth showing; a statement is not one.
  const bool is_expression = luaL_loadbuffer(state, expression.data(), expression.size(), "=eval") == 0;
  lua_pop(state, 1);
  return runtime.run_text(is_expression ? expression : text, chunk_name, arguments, print_values);
}

Command eval_command(const Modules& modules) {
  auto options = std::make_shared<SessionOptions>();
  Command command{.name = "eval",
                  .summary = "run one piece of Lua and show what it returns",
                  .arguments = "LUA [ARGUMENT...]",
                  .required_arguments = 1,
                  .arguments_are_the_scripts = true,
                  .options = session_options(options)};
  command.run = [options, modules](const std::vector<std::string>& arguments) {
    const auto runtime = open_session(*options, modules);
    const auto outcome = evaluate(*runtime, arguments.front(), "=eval", {arguments.begin() + 1, arguments.end()});
    if (outcome.returned) return 0;
    report(outcome, *options, *runtime);
    return outcome.exit_code;
  };
  return command;
}

}  // namespace opshost::cli
