#include "host/fiber/hold.hpp"

#include <utility>

#include "host/fiber/lease.hpp"
#include "host/fiber/scheduler.hpp"

namespace opshost::fiber {

void Hold::set(bool on, Scheduler& scheduler) {
  on_ = on;
  if (on) return;
  for (Fiber* fiber : std::exchange(kept_, {})) scheduler.ready_again(*fiber);
}

bool Hold::keeps_now() const { return on_ || (lease_ && lease_->in_doubt()); }

// One that was told to stop is not kept: it has to raise, and clean up.
bool Hold::keeps(Hold* innermost, Fiber& fiber) {
  if (fiber.stop_reason != StopReason::none) return false;
  for (Hold* hold = innermost; hold != nullptr; hold = hold->outer_.get()) {
    if (!hold->keeps_now()) continue;
    hold->kept_.push_back(&fiber);
    return true;
  }
  return false;
}

void Hold::let_go(Hold* innermost, Fiber& fiber, Scheduler& scheduler) {
  for (Hold* hold = innermost; hold != nullptr; hold = hold->outer_.get()) {
    if (std::erase(hold->kept_, &fiber) > 0) scheduler.ready_again(fiber);
  }
}

}  // namespace opshost::fiber
