// opshost zk HOSTS: the health of an ensemble, without a script.
#include "bindings/zk/command.hpp"

namespace opshost::zk {

namespace {

// 4 is the exit code of a target that cannot be reached: without a quorum no change can.
constexpr const char* kScript = R"(
local zk = require "zk"
local hosts, jump = ...
local via = jump and require("ssh").connect({ host = jump }) or nil
local ensemble = zk.ensemble(hosts, { via = via })
print(zk.ensemble_text(ensemble))
os.exit(ensemble.quorum and 0 or 4)
)";

}  // namespace

cli::Command ensemble_command(const cli::Modules& modules) {
  auto options = std::make_shared<cli::SessionOptions>();
  auto via = std::make_shared<std::vector<std::string>>();
  cli::Command command{.name = "zk",
                       .summary = "show the health of a ZooKeeper ensemble: zk1:2181,zk2:2181",
                       .arguments = "HOSTS",
                       .required_arguments = 1,
                       .options = cli::session_options(options)};
  command.options.push_back({.name = "--via",
                             .value_name = "HOST",
                             .doc = "go through an ssh connection to HOST, as ssh_config knows it",
                             .set = [via](const std::string& host) { *via = {host}; }});
  command.run = [options, via, modules](const std::vector<std::string>& arguments) {
    const auto runtime = cli::open_session(*options, modules);
    std::vector<std::string> words{arguments.front()};
    words.insert(words.end(), via->begin(), via->end());
    const auto outcome = runtime->run_text(kScript, "=zk", words);
    if (outcome.returned) return 0;
    cli::report(outcome, *options, *runtime);
    return outcome.exit_code;
  };
  return command;
}

}  // namespace opshost::zk
