#pragma once
// Why a script has to stop, as the value its waiting or running code raises.
#include <lua.hpp>
#include <string>

#include "host/base/error.hpp"
#include "host/fiber/fiber.hpp"

namespace opshost::lua {

/// The error for a fiber told to stop for `reason` while waiting for `waited_for` and last having seen `seen`.
Error stop_error(const fiber::Fiber& fiber, StopReason reason, const std::string& waited_for, const std::string& seen);

/// Pushes false and that error as a stop; returns 2, as a Waiter's outcome. `maybe_applied`: a change was in flight.
/// May raise (memory).
int push_stopped(lua_State* state, const fiber::Fiber& fiber, StopReason reason, const std::string& waited_for,
                 const std::string& seen, bool maybe_applied = false);

}  // namespace opshost::lua
