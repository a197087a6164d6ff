#pragma once
// opshost hosts scan HOST...: the host keys of machines, to be compared and stored.
#include "host/cli/command.hpp"

namespace opshost::ssh {

cli::Command hosts_command();

}  // namespace opshost::ssh
