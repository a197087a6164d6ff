#pragma once
// Waiting for a person while the loop goes on: connections are kept alive meanwhile.
#include <string>

#include "host/fiber/call.hpp"
#include "host/fiber/scheduler.hpp"

namespace opshost::cli {

/// Asks at the terminal until the answer is yes or no. Throws Error("answer.needed") where nobody is there, and
/// Error("cancelled") where the call is stopped.
Awaitable<bool> confirm_in_loop(Call& call, std::string question);

/// Runs the loop until something can be read from `descriptor`, or its end, or the run is interrupted.
void wait_for_input(fiber::Scheduler& scheduler, int descriptor);

}  // namespace opshost::cli
