#pragma once
// One maker a command; each in a file of its name.
#include "host/cli/command.hpp"
#include "host/cli/session.hpp"

namespace opshost::cli {

Command run_command(const Modules& modules);
Command plan_command(const Modules& modules);
Command resume_command(const Modules& modules);
Command cleanup_command(const Modules& modules);
Command abandon_command(const Modules& modules);
Command runs_command(const Modules& modules);
Command show_command(const Modules& modules);
Command describe_command(const Modules& modules);
Command preflight_command(const Modules& modules);
Command eval_command(const Modules& modules);
Command repl_command(const Modules& modules);
Command check_command(const Modules& modules);
Command help_command(const Modules& modules);
Command types_command(const Modules& modules);
Command scripts_command(const Modules& modules);
Command version_command(const Modules& modules);

}  // namespace opshost::cli
