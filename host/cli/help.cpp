// opshost help [NAME...]
#include "host/docs/help.hpp"

#include <unistd.h>

#include "host/cli/commands.hpp"
#include "host/cli/exit_codes.hpp"
#include "host/term/color.hpp"
#include "host/term/output.hpp"
#include "host/term/terminal.hpp"

namespace opshost::cli {

namespace {

int show_help(const Modules& modules, const std::vector<std::string>& words) {
  Runtime runtime({}, modules);
  const auto declared = runtime.declared_modules();
  const docs::Catalog catalog(declared, {}, docs::builtin_topics());
  const auto help = docs::help(catalog, words, {.width = terminal_width(STDOUT_FILENO)});
  if (help.found) {
    // Opshost's own words, in which "password = ..." is an example.
    standard_output().write_verbatim(help.text);
    return 0;
  }
  say(help.text);
  return static_cast<int>(ExitCode::script_error);
}

}  // namespace

Command help_command(const Modules& modules) {
  return {.name = "help",
          .summary = "how to write a script; modules, functions, errors, topics",
          .arguments = "[NAME...]",
          .run = [modules](const std::vector<std::string>& words) { return show_help(modules, words); }};
}

}  // namespace opshost::cli
