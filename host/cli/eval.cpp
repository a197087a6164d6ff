// opshost eval LUA [ARGUMENT...]: one piece of Lua from the command line.
#include "host/cli/eval.hpp"
#include "host/cli/commands.hpp"
#include "host/cli/print_values.hpp"

namespace opshost::cli {

namespace {

bool loads(lua_State* state, const std::string& text) {
  const bool fine = luaL_loadbuffer(state, text.data(), text.size(), "=eval") == 0;
  lua_pop(state, 1);
  return fine;
}

}  // namespace

Outcome evaluate(Runtime& runtime, const std::string& text, const std::string& chunk_name,
                 const std::vector<std::string>& arguments) {
  lua_State* state = runtime.vm().state();
  // An expression is worth showing; a statement is not one.
  if (!loads(state, "return " + text)) return runtime.run_text(text, chunk_name, arguments, print_values);
  // As arguments: `return f()` is a tail call, and an error in f would no longer know where it was called.
  const std::string shown = "return (function(...) return ... end)(" + text;
  for (const char* end : {")", "\n)"}) {  // the text may end in a comment
    if (loads(state, shown + end)) return runtime.run_text(shown + end, chunk_name, arguments, print_values);
  }
  return runtime.run_text("return " + text, chunk_name, arguments, print_values);
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
    if (const auto failed = read_inventory(*options, *runtime)) return *failed;
    const auto outcome = evaluate(*runtime, arguments.front(), "=eval", {arguments.begin() + 1, arguments.end()});
    if (outcome.returned) return 0;
    report(outcome, *options, *runtime);
    return outcome.exit_code;
  };
  return command;
}

}  // namespace opshost::cli
