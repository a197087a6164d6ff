#include "host/lua/interrupt.hpp"

#include <pthread.h>
#include <signal.h>

#include <atomic>
#include <cerrno>

#include "host/fiber/scheduler.hpp"
#include "host/log/log.hpp"
#include "host/lua/error_object.hpp"
#include "host/lua/stop.hpp"
#include "host/lua/vm.hpp"

namespace opshost::lua {

namespace {

// Ignored by default everywhere, so a stray one does no harm.
constexpr int kSignal = SIGURG;

std::atomic<StopReason> requested{StopReason::none};
std::atomic<bool> report_requested{false};
std::atomic<lua_State*> interrupted_vm{nullptr};
fiber::Scheduler* scheduler = nullptr;
pthread_t lua_thread;

bool is_requested() { return requested.load(std::memory_order_relaxed) != StopReason::none; }

/// A clean-up goes on whatever was asked for, and so does what runs outside any fiber.
bool is_shielded() {
  const auto* fiber = scheduler == nullptr ? nullptr : scheduler->current();
  return fiber == nullptr || fiber->shielded > 0;
}

/// The watchdog asks for what it saw a moment ago: by now another fiber may run, or the deadline's block has ended.
bool concerns_running_fiber() {
  const auto& fiber = *scheduler->current();
  if (fiber.stop_reason != StopReason::none) return true;
  if (requested.load(std::memory_order_relaxed) == StopReason::deadline) return deadline_passed(fiber, Clock::now());
  // Once the loop has told every fiber, those begun since are clean-ups at work.
  return !scheduler->interrupted();
}

std::atomic<bool> setting_hook{false};
std::atomic<bool> arm_afterwards{false};

void arm(lua_State* state);

/// lua_sethook on the Lua thread outside of the signal's handler. Were the handler to set the hook in the middle of it,
/// LuaJIT would note a hook as active that its dispatch table does not have, and set none ever after: the handler
/// leaves it to us then.
void set_hook(lua_State* state, lua_Hook wanted, int mask, int count) {
  setting_hook.store(true, std::memory_order_relaxed);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  lua_sethook(state, wanted, mask, count);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  setting_hook.store(false, std::memory_order_relaxed);
  if (arm_afterwards.exchange(false)) arm(state);
}

void disarm(lua_State* state) { set_hook(state, nullptr, 0, 0); }

bool in_script_code(lua_State* state, lua_Debug* frame) {
  lua_getinfo(state, "S", frame);
  return !is_internal_chunk(frame->source);
}

void log_position(lua_State* state) {
  const auto position = script_position(state);
  if (!position.empty()) {
    log(Level::warn, position + " has run for 100 ms without waiting; every other fiber stands still meanwhile");
  }
}

void hook(lua_State* state, lua_Debug* frame) {
  Vm::of(state).collect_if_wanted(state);
  if (report_requested.exchange(false, std::memory_order_relaxed)) log_position(state);
  if (!interrupt_pending()) return disarm(state);
  // Stays armed: our own Lua is passed over, and a script's pcall meets it again at once.
  if (in_script_code(state, frame)) raise_interrupt(state);
}

void arm(lua_State* state) { set_hook(state, hook, LUA_MASKCOUNT, 1); }

void on_arm_signal(int) {
  const int saved = errno;
  lua_State* state = interrupted_vm.load(std::memory_order_relaxed);
  if (setting_hook.load(std::memory_order_relaxed)) {
    arm_afterwards.store(true, std::memory_order_relaxed);
  } else if (state != nullptr) {
    lua_sethook(state, hook, LUA_MASKCOUNT, 1);
  }
  errno = saved;
}

void push_interrupt(lua_State* state) {
  const auto* fiber = scheduler->current();
  auto reason = requested.load(std::memory_order_relaxed);
  if (fiber->stop_reason != StopReason::none) reason = fiber->stop_reason;
  push_stopped(state, *fiber, reason, {}, {});
  locate_error(state);
}

}  // namespace

void install_interrupt(lua_State* main, fiber::Scheduler& running) {
  scheduler = &running;
  lua_thread = pthread_self();
  requested.store(StopReason::none);
  report_requested.store(false);
  interrupted_vm.store(main);
  struct sigaction action{};
  action.sa_handler = on_arm_signal;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(kSignal, &action, nullptr);
}

void remove_interrupt() { interrupted_vm.store(nullptr); }

void request_interrupt(StopReason reason) noexcept {
  auto none = StopReason::none;
  requested.compare_exchange_strong(none, reason);
  if (interrupted_vm.load() != nullptr) pthread_kill(lua_thread, kSignal);
}

void request_report() noexcept {
  report_requested.store(true);
  if (interrupted_vm.load() != nullptr) pthread_kill(lua_thread, kSignal);
}

void request_collection() noexcept {
  if (lua_State* state = interrupted_vm.load()) arm(state);
}

bool interrupt_pending() noexcept {
  if (!is_requested() || is_shielded()) return false;
  if (concerns_running_fiber()) return true;
  requested.store(StopReason::none, std::memory_order_relaxed);
  return false;
}

void raise_interrupt(lua_State* state) {
  push_interrupt(state);
  lua_error(state);
  __builtin_unreachable();
}

void interrupt_served(lua_State* state) noexcept {
  if (!is_requested() && !report_requested.load(std::memory_order_relaxed)) return;
  requested.store(StopReason::none);
  report_requested.store(false);
  disarm(state);
}

void forget_interrupt() noexcept { requested.store(StopReason::none); }

}  // namespace opshost::lua
