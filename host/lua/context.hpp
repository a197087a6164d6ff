#pragma once
// What native functions find from a lua_State alone.
#include <cstddef>
#include <lua.hpp>

namespace opshost {
class BlockingThreads;
namespace fiber {
class Scheduler;
}
namespace gate {
class Gate;
}
}  // namespace opshost

namespace opshost::lua {

struct Context {
  fiber::Scheduler* scheduler = nullptr;
  BlockingThreads* blocking = nullptr;
  gate::Gate* gate = nullptr;
};

/// The context of the VM this state belongs to.
Context& context_of(lua_State* state);

}  // namespace opshost::lua
