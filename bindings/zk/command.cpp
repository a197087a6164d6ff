// opshost zk HOSTS: the health of an ensemble, without a script.
#include "bindings/zk/command.hpp"

namespace opshost::zk {

namespace {

// 4 is the exit code of a target that cannot be reached: without a quorum no change can.
constexpr const char* kScript = R"(
local zk = require "zk"
local ensemble = zk.ensemble((...))
print(zk.ensemble_text(ensemble))
os.exit(ensemble.quorum and 0 or 4)
)";

}  // namespace

cli::Command ensemble_command(const cli::Modules& modules) {
  auto options = std::make_shared<cli::SessionOptions>();
  cli::Command command{.name = "zk",
                       .summary = "show the health of a ZooKeeper ensemble: zk1:2181,zk2:2181",
                       .arguments = "HOSTS",
                       .required_arguments = 1,
                       .options = cli::session_options(options)};
  command.run = [options, modules](const std::vector<std::string>& arguments) {
    const auto runtime = cli::open_session(*options, modules);
    const auto outcome = runtime->run_text(kScript, "=zk", arguments);
    if (outcome.returned) return 0;
    cli::report(outcome, *options, *runtime);
    return outcome.exit_code;
  };
  return command;
}

}  // namespace opshost::zk
