#pragma once
#include "host/fiber/call.hpp"

namespace opshost::ssh {

/// Waits for a while, for looking again at what tells nobody that it changed; throws when the call is stopped.
Awaitable<void> pause(Call& call, Duration time);

}  // namespace opshost::ssh
