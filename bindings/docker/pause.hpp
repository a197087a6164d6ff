#pragma once
#include "host/fiber/call.hpp"

namespace opshost::docker {

/// Waits for that long, or until the call is stopped.
Awaitable<void> pause_for(Call& call, Duration duration);

}  // namespace opshost::docker
