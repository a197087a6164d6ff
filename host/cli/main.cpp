// The commands and the bindings of this build.
#include "bindings/data/inventory/module.hpp"
#include "bindings/data/module.hpp"
#include "bindings/docker/module.hpp"
#include "bindings/http/module.hpp"
#include "bindings/local/module.hpp"
#include "bindings/mysql/module.hpp"
#include "bindings/ssh/hosts_command.hpp"
#include "bindings/ssh/module.hpp"
#include "bindings/zk/command.hpp"
#include "bindings/zk/module.hpp"
#include "host/base/huge_pages.hpp"
#include "host/base/standard_descriptors.hpp"
#include "host/cli/commands.hpp"
#include "host/cli/static_runtime.hpp"
#include "host/lua/ops_module.hpp"
#include "host/lua/secret_module.hpp"

int main(int argc, char** argv) {
  using namespace opshost;
  use_huge_pages();
  fill_standard_descriptors();
  pin_static_runtime();
  const cli::Modules modules = {
      {"ops", "Many things at once, waiting, deadlines, errors, commands", lua::declare_ops},
      {"data", "Documents: JSON and YAML to tables and back", data::declare},
      {"docker", "Docker engines, their containers, images and networks", docker::declare},
      {"http", "Requests to web servers", http::declare},
      {"ops.inventory", "Hosts and groups of a site, from YAML and INI files", data::inventory::declare},
      {"ops.secret", "Secrets from the environment, a file, a command or a person", lua::declare_secret},
      {"local", "Processes and files of this machine", local::declare},
      {"mysql", "MySQL and MariaDB: queries, changes, replication", mysql::declare},
      {"ssh", "Commands, files and ports of other machines", ssh::declare},
      {"zk", "ZooKeeper: nodes, watches, locks, the health of an ensemble", zk::declare},
  };
  const std::vector<cli::Command> commands = {
      cli::run_command(modules),     cli::plan_command(modules),     cli::resume_command(modules),
      cli::cleanup_command(modules), cli::abandon_command(modules),  cli::runs_command(modules),
      cli::show_command(modules),    cli::describe_command(modules), cli::preflight_command(modules),
      cli::eval_command(modules),    cli::repl_command(modules),     cli::check_command(modules),
      cli::help_command(modules),    cli::types_command(modules),    cli::scripts_command(modules),
      cli::version_command(modules), ssh::hosts_command(modules),    zk::ensemble_command(modules),
  };
  return cli::run_command_line(commands, argc, argv);
}
