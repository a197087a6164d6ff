#pragma once
// A fiber: one line of work of a script. Calls in it look synchronous; while one waits, other fibers run.
#include <cstdint>
#include <lua.hpp>
#include <memory>
#include <string>
#include <vector>

#include "host/fiber/call.hpp"
#include "host/fiber/hold.hpp"
#include "host/fiber/timer_heap.hpp"

namespace opshost::gate {
struct Scope;
}

namespace opshost::fiber {

class Fiber;
class Group;

/// One `ops.deadline` block (or the run's own limit) a fiber is in. Shared with the fibers begun inside it.
struct DeadlineScope {
  TimePoint at;
  std::uint64_t id;
  Duration length;
  std::shared_ptr<const DeadlineScope> outer;

  /// The scope of the chain that ends first; on a tie the outermost.
  [[nodiscard]] static const DeadlineScope* earliest(const DeadlineScope* innermost);
};

/// What a parked fiber waits for. Its timer is the earlier of the wait's own end and the fiber's deadline.
class Waiter : public Timer {
 public:
  /// The fiber has to go on soon: end the wait. Called at most once for each reason.
  virtual void stop(StopReason reason) = 0;
  /// A change in flight is not cancelled when a sibling fails: it ends or meets its deadline.
  [[nodiscard]] virtual bool is_change() const { return false; }
  /// For messages: `local.run {"sleep", "5"}`.
  [[nodiscard]] virtual std::string what() const = 0;
  /// Pushes what the parked call returns: true and its results, or false and the error. Runs in a protected call.
  virtual int push_outcome(lua_State* state) = 0;
  /// It was woken, and has to wait on: what it waits for is there no more, or was to be stopped first.
  [[nodiscard]] virtual bool waits_on() const { return false; }
  /// The outcome is just true, which needs no protected call.
  [[nodiscard]] virtual bool just_goes_on() const { return false; }

  Fiber* fiber = nullptr;
};

class Fiber {
 public:
  enum class State : std::uint8_t { ready, running, parked, ended };

  Fiber(lua_State* thread, int anchor, Group* group) : thread(thread), anchor(anchor), group(group) {}
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  /// True when the fiber must raise at its next wait: it was stopped and is in no clean-up.
  [[nodiscard]] bool must_stop() const { return stop_reason != StopReason::none && shielded == 0; }

  lua_State* thread;  ///< the Lua coroutine; kept from collection by `anchor` in the registry
  int anchor;
  Group* group;  ///< the group it belongs to; nullptr only for the script's own fiber
  State state = State::ready;
  StopReason stop_reason = StopReason::none;
  std::uint64_t id = 0;
  std::string begun_at;   ///< where its function begins, "script.lua:12"
  unsigned blocks = 0;    ///< deadlines, clean-ups and scopes it is in: what a coroutine must leave before it yields
  unsigned shielded = 0;  ///< clean-ups in progress: a stop waits until they are done
  std::vector<std::shared_ptr<const DeadlineScope>> set_aside;  ///< the deadlines a clean-up does not count
  std::shared_ptr<Waiter> waiter;
  /// Calls of this fiber that wait for a callback of theirs to return, innermost last.
  std::vector<std::shared_ptr<Waiter>> in_callback;
  std::shared_ptr<const DeadlineScope> deadline;
  std::shared_ptr<const gate::Scope> scope;  ///< what the gate allows here; inherited by the fibers it begins
  std::shared_ptr<Hold> hold;                ///< inherited like the scope; nullptr: none
  std::vector<std::shared_ptr<const gate::Scope>> outer_scopes;  ///< those around `scope`, innermost last
  Fiber* next_sibling = nullptr;
  Fiber* previous_sibling = nullptr;
  bool returned = false;  ///< once ended: it returned (results on its stack) or raised (the error on top)
};

}  // namespace opshost::fiber
