#pragma once
// opshost hosts scan HOST...: the host keys of machines, to be compared and stored.
#include "host/cli/command.hpp"
#include "host/cli/session.hpp"

namespace opshost::ssh {

/// Also of the hosts of an inventory, which ops.inventory reads.
cli::Command hosts_command(const cli::Modules& modules);

}  // namespace opshost::ssh
