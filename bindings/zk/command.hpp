#pragma once
#include "host/cli/command.hpp"
#include "host/cli/session.hpp"

namespace opshost::zk {

/// `opshost zk HOSTS`: the health of an ensemble as a table.
cli::Command ensemble_command(const cli::Modules& modules);

}  // namespace opshost::zk
