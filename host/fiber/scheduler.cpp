#include "host/fiber/scheduler.hpp"

#include <algorithm>

#include "host/lua/error_object.hpp"
#include "host/lua/interrupt.hpp"
#include "host/lua/protect.hpp"
#include "host/lua/vm.hpp"

namespace opshost::fiber {

namespace {
// Its address is the sentinel.
char park_sentinel;

/// While fibers are ready, I/O and other threads wait no longer than this.
constexpr auto kLookAtEventsEvery = std::chrono::microseconds(50);
/// And fibers that are ready wait no longer than this, and for one handler more, where many things happened at once:
/// fifty hosts in the middle of their key exchange.
constexpr auto kEventsBetweenFibers = std::chrono::milliseconds(1);

void handle_events(asio::io_context& io) {
  const auto enough = Clock::now() + kEventsBetweenFibers;
  while (io.poll_one() > 0 && Clock::now() < enough) {
  }
}

}  // namespace

/// Ends a change that did not answer within the grace an interruption leaves it.
class Scheduler::LateStop final : public Timer {
 public:
  LateStop(const std::shared_ptr<Waiter>& waiter, StopReason reason) : waiter_(waiter), reason_(reason) {}

 protected:
  void expired() override {
    if (auto waiter = waiter_.lock()) waiter->stop(reason_);
  }

 private:
  std::weak_ptr<Waiter> waiter_;
  StopReason reason_;
};

const DeadlineScope* DeadlineScope::earliest(const DeadlineScope* innermost) {
  const DeadlineScope* earliest = innermost;
  for (const auto* scope = innermost; scope != nullptr; scope = scope->outer.get()) {
    if (scope->at <= earliest->at) earliest = scope;
  }
  return earliest;
}

TimePoint from_now(Duration duration) {
  const auto now = Clock::now();
  return duration > kNoDeadline - now ? kNoDeadline : now + duration;
}

TimePoint earlier_of(TimePoint wanted, const Fiber& fiber) {
  const auto* scope = DeadlineScope::earliest(fiber.deadline.get());
  return scope == nullptr ? wanted : std::min(wanted, scope->at);
}

bool deadline_passed(const Fiber& fiber, TimePoint now) {
  const auto* scope = DeadlineScope::earliest(fiber.deadline.get());
  return scope != nullptr && scope->at <= now;
}

Scheduler::Scheduler(lua_State* main) : main_(main), work_(asio::make_work_guard(io_)), wake_timer_(io_) {}

Scheduler::~Scheduler() { drop_fibers(); }

void Scheduler::drop_fibers() {
  ready_.clear();
  late_stops_.clear();
  for (Fiber* fiber : std::exchange(fibers_, {})) {
    if (fiber->group != nullptr) fiber->group->remove(*fiber);
    delete fiber;
  }
  ready_.clear();
}

void Scheduler::push_sentinel(lua_State* state) { lua_pushlightuserdata(state, &park_sentinel); }

bool Scheduler::is_sentinel(lua_State* state, int index) {
  return lua_type(state, index) == LUA_TLIGHTUSERDATA && lua_touserdata(state, index) == &park_sentinel;
}

Fiber& Scheduler::spawn(Group* group, lua_State* from, int arguments) {
  lua_State* thread = lua_newthread(from);
  const int anchor = luaL_ref(from, LUA_REGISTRYINDEX);
  lua_xmove(from, thread, arguments + 1);
  auto fiber = std::make_unique<Fiber>(thread, anchor, group);
  fiber->id = next_id();
  if (current_ != nullptr) {
    fiber->deadline = current_->deadline;
    fiber->scope = current_->scope;
    fiber->hold = current_->hold;
  }
  if (group != nullptr) group->add(*fiber);
  fibers_.insert(fiber.get());
  heartbeat_.many_fibers.store(fibers_.size() > 1, std::memory_order_relaxed);
  ready_.push_back(fiber.get());
  return *fiber.release();
}

void Scheduler::discard(Fiber& fiber) {
  luaL_unref(main_, LUA_REGISTRYINDEX, fiber.anchor);
  if (fiber.group != nullptr) fiber.group->remove(fiber);
  fibers_.erase(&fiber);
  heartbeat_.many_fibers.store(fibers_.size() > 1, std::memory_order_relaxed);
  delete &fiber;
}

bool Scheduler::run_until_ended(Fiber& fiber) {
  run_until([&fiber] { return fiber.state == Fiber::State::ended; });
  return fiber.returned;
}

void Scheduler::run_until(const std::function<bool()>& done) {
  while (!stopped_now_ && !done()) turn(done);
}

void Scheduler::turn(const std::function<bool()>& done) {
  heartbeat_.beat();
  resume_ready();
  if (stopped_now_ || done()) return;
  const auto now = Clock::now();
  timers_.fire(now);
  if (ready_.empty()) {
    wait_for_event();
  } else if (now >= poll_at_) {
    // Each look at the descriptors is a system call; fibers that only wake one another would make nothing but these.
    handle_events(io_);
    poll_at_ = now + kLookAtEventsEvery;
  }
}

void Scheduler::wait_for_event() {
  set_alarm();
  io_.run_one();
}

// An alarm that has become too early stays: it wakes the loop once for nothing, where every call would set it anew.
void Scheduler::set_alarm() {
  const auto next = timers_.next();
  if (next >= wake_timer_at_) return;
  wake_timer_at_ = next;
  wake_timer_.expires_at(next);
  wake_timer_.async_wait([this](const boost::system::error_code& replaced) {
    if (!replaced) wake_timer_at_ = kNoDeadline;
  });
}

void Scheduler::resume_ready() {
  // Only those ready now: a fiber that wakes another for ever must not keep I/O and timers from their turn.
  for (auto left = ready_.size(); left > 0 && !stopped_now_; --left) {
    Fiber* fiber = ready_.front();
    ready_.pop_front();
    if (!fiber->hold || !Hold::keeps(fiber->hold.get(), *fiber)) resume(*fiber);
  }
}

// What the parked call returns goes onto the fiber's stack; a parked coroutine has room for it.
int Scheduler::move_outcome(Fiber& fiber) {
  const auto waiter = std::move(fiber.waiter);
  fiber.waiter = nullptr;
  if (waiter->just_goes_on()) {
    lua_pushboolean(fiber.thread, 1);
    return 1;
  }
  int count = 0;
  const bool pushed = lua::protect(main_, [&waiter](lua_State* state) { return waiter->push_outcome(state); }, count);
  if (!pushed) {
    lua_pushboolean(main_, 0);
    lua_insert(main_, -2);
    count = 2;
  }
  lua_xmove(main_, fiber.thread, count);
  return count;
}

void Scheduler::resume(Fiber& fiber) {
  if (fiber.waiter && fiber.waiter->waits_on()) {
    fiber.state = Fiber::State::parked;
    return;
  }
  lua::Vm::of(main_).collect_if_wanted(main_);
  const int arguments = fiber.waiter ? move_outcome(fiber) : lua_gettop(fiber.thread) - 1;
  fiber.state = Fiber::State::running;
  current_ = &fiber;
  publish_deadline();
  heartbeat_.beat();
  heartbeat_.in_script.store(true, std::memory_order_release);
  const int status = lua_resume(fiber.thread, arguments);
  heartbeat_.in_script.store(false, std::memory_order_release);
  lua::interrupt_served(fiber.thread);
  current_ = nullptr;

  if (status == LUA_YIELD && is_sentinel(fiber.thread, -1)) {
    lua_pop(fiber.thread, 1);
    return;
  }
  if (status == LUA_YIELD) {
    push_yield_error(fiber);
  }
  ended(fiber, status == 0);
}

void Scheduler::publish_deadline() {
  const auto* scope = DeadlineScope::earliest(current_->deadline.get());
  heartbeat_.deadline_ns.store(scope == nullptr ? 0 : scope->at.time_since_epoch().count(), std::memory_order_relaxed);
}

void Scheduler::push_yield_error(Fiber& fiber) {
  int count = 0;
  lua::protect(
      main_,
      [](lua_State* state) {
        lua::push_error(state,
                        Error("script.error", "coroutine.yield outside of a coroutine: nothing would resume it"));
        return 1;
      },
      count);
  lua_settop(fiber.thread, 0);
  lua_xmove(main_, fiber.thread, 1);
}

void Scheduler::ended(Fiber& fiber, bool returned) {
  fiber.state = Fiber::State::ended;
  fiber.returned = returned;
  // The script's own fiber is looked at and discarded by whoever runs it; the others have told their group already.
  if (fiber.group != nullptr) discard(fiber);
}

void Scheduler::park(std::shared_ptr<Waiter> waiter) {
  Fiber& fiber = *current_;
  waiter->fiber = &fiber;
  fiber.waiter = std::move(waiter);
  fiber.state = Fiber::State::parked;
}

void Scheduler::wake(Waiter& waiter) {
  Fiber* fiber = waiter.fiber;
  if (fiber == nullptr || fiber->waiter.get() != &waiter || fiber->state != Fiber::State::parked) return;
  fiber->state = Fiber::State::ready;
  ready_.push_back(fiber);
}

namespace {

/// The call it is parked on, and those that wait for a callback of theirs.
std::vector<std::shared_ptr<Waiter>> calls_in_flight(const Fiber& fiber) {
  std::vector<std::shared_ptr<Waiter>> waiters = fiber.in_callback;
  if (fiber.waiter) waiters.push_back(fiber.waiter);
  return waiters;
}

}  // namespace

void Scheduler::stop(Fiber& fiber, StopReason reason) {
  if (fiber.stop_reason == StopReason::none) fiber.stop_reason = reason;
  Hold::let_go(fiber.hold.get(), fiber, *this);
  if (fiber.shielded > 0) return;
  for (const auto& waiter : calls_in_flight(fiber)) {
    if (!waiter->is_change()) waiter->stop(reason);
  }
}

void Scheduler::stop_late(const std::shared_ptr<Waiter>& waiter, Duration grace) {
  late_stops_.push_back(std::make_unique<LateStop>(waiter, StopReason::interrupted));
  timers_.set(*late_stops_.back(), Clock::now() + grace);
}

void Scheduler::interrupt_all(Duration grace) {
  interrupted_ = true;
  const std::vector<Fiber*> fibers(fibers_.begin(), fibers_.end());
  for (Fiber* fiber : fibers) {
    if (fiber->shielded == 0) {
      for (const auto& waiter : calls_in_flight(*fiber)) {
        if (waiter->is_change()) stop_late(waiter, grace);
      }
    }
    stop(*fiber, StopReason::interrupted);
  }
}

}  // namespace opshost::fiber
