#pragma once
// How a running script is made to stop. The watchdog's thread asks; a signal to the Lua thread arms the VM's count
// hook (lua_sethook is what LuaJIT allows in a handler); the hook, and every native loop that may run long (patterns,
// string.rep), raise. A compiled (JIT) loop runs no hook, which is why the JIT is off unless asked for.
#include <lua.hpp>

#include "host/fiber/call.hpp"

namespace opshost::fiber {
class Scheduler;
}

namespace opshost::lua {

/// Makes the calling thread the one whose scripts are interrupted. One VM at a time in a process.
void install_interrupt(lua_State* main, fiber::Scheduler& scheduler);
void remove_interrupt();

/// From any thread: the running script has to stop for `reason`.
void request_interrupt(StopReason reason) noexcept;

/// From any thread: log where the running script is (it has not waited for a while).
void request_report() noexcept;

/// On the Lua thread, also from within the VM: collect garbage before the script's next instruction.
void request_collection() noexcept;

/// True when the running script has to stop now. Cheap enough for an inner loop (one relaxed load).
bool interrupt_pending() noexcept;

/// Raises the reason the script has to stop as a Lua error no pcall of a script catches. Call it only from a frame
/// that owns nothing.
[[noreturn]] void raise_interrupt(lua_State* state);

/// The script gave control back: a request that came in the meantime is void, the scheduler knows the reason.
void interrupt_served(lua_State* state) noexcept;

/// Between two scripts, on the Lua thread: what was asked of the last one is not asked of the next.
void forget_interrupt() noexcept;

}  // namespace opshost::lua
