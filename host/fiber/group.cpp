#include "host/fiber/group.hpp"

#include <vector>

#include "host/fiber/scheduler.hpp"
#include "host/lua/stop.hpp"

namespace opshost::fiber {

Group::~Group() {
  for (Fiber* fiber = first_; fiber != nullptr; fiber = fiber->next_sibling) fiber->group = nullptr;
}

void Group::add(Fiber& fiber) {
  fiber.next_sibling = first_;
  if (first_ != nullptr) first_->previous_sibling = &fiber;
  first_ = &fiber;
  ++running_;
}

void Group::remove(Fiber& fiber) {
  if (fiber.previous_sibling != nullptr) fiber.previous_sibling->next_sibling = fiber.next_sibling;
  if (fiber.next_sibling != nullptr) fiber.next_sibling->previous_sibling = fiber.previous_sibling;
  if (first_ == &fiber) first_ = fiber.next_sibling;
  --running_;
  fiber.group = nullptr;
  if (join_ != nullptr && running_ <= join_until_) scheduler_.wake(*join_);
}

void Group::stop(StopReason reason) {
  std::vector<Fiber*> fibers;
  for (Fiber* fiber = first_; fiber != nullptr; fiber = fiber->next_sibling) fibers.push_back(fiber);
  for (Fiber* fiber : fibers) scheduler_.stop(*fiber, reason);
}

GroupJoin::GroupJoin(Group& group, std::size_t until) : group_(group) {
  group_.join_ = this;
  group_.join_until_ = until;
}

GroupJoin::~GroupJoin() {
  if (group_.join_ == this) group_.join_ = nullptr;
}

// Told to stop, it stops the fibers it waits for and goes on waiting: a group never ends before its fibers.
void GroupJoin::stop(StopReason reason) {
  if (stopped_ == StopReason::none) {
    stopped_ = reason;
    stopped_with_ = group_.running();
  }
  group_.join_until_ = 0;
  group_.stop(reason);
}

void GroupJoin::expired() { stop(StopReason::deadline); }

std::string GroupJoin::what() const {
  const auto fibers = stopped_ == StopReason::none ? group_.running() : stopped_with_;
  return "a group with " + std::to_string(fibers) + (fibers == 1 ? " running fiber" : " running fibers");
}

int GroupJoin::push_outcome(lua_State* state) {
  if (stopped_ != StopReason::none) return lua::push_stopped(state, *fiber, stopped_, what(), {});
  lua_pushboolean(state, 1);
  return 1;
}

void Sleep::stop(StopReason reason) {
  stopped_ = reason;
  scheduler_.wake(*this);
}

void Sleep::expired() {
  if (earlier_of(until_, *fiber) < until_) stopped_ = StopReason::deadline;
  scheduler_.wake(*this);
}

int Sleep::push_outcome(lua_State* state) {
  if (stopped_ != StopReason::none) return lua::push_stopped(state, *fiber, stopped_, what(), {});
  lua_pushboolean(state, 1);
  return 1;
}

}  // namespace opshost::fiber
