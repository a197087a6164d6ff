#include "host/fiber/latch.hpp"

#include "host/fiber/scheduler.hpp"
#include "host/lua/stop.hpp"

namespace opshost::fiber {

void LatchWait::stop(StopReason reason) {
  stopped_ = reason;
  scheduler_.wake(*this);
}

int LatchWait::push_outcome(lua_State* state) {
  if (stopped_ != StopReason::none) return lua::push_stopped(state, *fiber, stopped_, what(), {});
  lua_pushboolean(state, 1);
  return 1;
}

void Latch::open(Scheduler& scheduler) {
  open_ = true;
  for (const auto& weak : waits_) {
    if (const auto wait = weak.lock()) scheduler.wake(*wait);
  }
  waits_.clear();
}

std::shared_ptr<LatchWait> Latch::wait(Scheduler& scheduler, std::string what) {
  auto wait = std::make_shared<LatchWait>(scheduler, std::move(what));
  waits_.push_back(wait);
  return wait;
}

}  // namespace opshost::fiber
