#pragma once
// What native functions find from a lua_State alone.
#include <cstddef>
#include <lua.hpp>

#include "host/base/time.hpp"

namespace opshost {
class BlockingThreads;
namespace fiber {
class Scheduler;
}
namespace gate {
class Gate;
}
namespace journal {
class RunJournal;
}
}  // namespace opshost

namespace opshost::lua {

struct Context {
  fiber::Scheduler* scheduler = nullptr;
  BlockingThreads* blocking = nullptr;
  gate::Gate* gate = nullptr;
  journal::RunJournal* run = nullptr;  ///< of the procedure in progress; nullptr: none, or only planned
  /// A client that was told to stop gets this long to end; then its fiber goes on without it.
  Duration unwind_within = std::chrono::seconds(5);
};

/// The context of the VM this state belongs to.
Context& context_of(lua_State* state);

}  // namespace opshost::lua
