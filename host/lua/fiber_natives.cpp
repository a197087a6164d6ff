// Fibers, groups, deadlines and clean-up shields for stdlib. A native that waits returns true and its results, or parks
// (see prelude.lua's `waits`).
#include <memory>
#include <new>
#include <random>

#include "host/fiber/latch.hpp"
#include "host/fiber/scheduler.hpp"
#include "host/lua/context.hpp"
#include "host/lua/error_object.hpp"
#include "host/lua/interrupt.hpp"
#include "host/lua/natives.hpp"
#include "host/lua/operation.hpp"
#include "host/lua/stop.hpp"

namespace opshost::lua {

namespace {

using fiber::Group;
using fiber::GroupJoin;
using fiber::Scheduler;

char group_metatable_key;

Scheduler& scheduler_of(lua_State* state) { return *context_of(state).scheduler; }

void park(lua_State* state, Scheduler& scheduler, std::shared_ptr<fiber::Waiter> waiter) {
  scheduler.park(std::move(waiter));
  Scheduler::push_sentinel(state);
}

/// Raises where the current fiber may not wait: told to stop, or a C function is in between.
void check_may_wait(lua_State* state, Scheduler& scheduler) {
  auto* fiber = scheduler.current();
  if (fiber == nullptr || lua_isyieldable(state) == 0) {
    push_error(state,
               Error("script.cannot_wait",
                     "waiting is not possible inside a table.sort comparator, a string.gsub callback or a metamethod"));
    locate_error(state);
    lua_error(state);
  }
  if (fiber->must_stop()) {
    push_stopped(state, *fiber, fiber->stop_reason, {}, {});
    locate_error(state);
    lua_error(state);
  }
}

// sleep(seconds)
int sleep(lua_State* state) {
  const double seconds = luaL_checknumber(state, 1);
  auto& scheduler = scheduler_of(state);
  check_may_wait(state, scheduler);
  {
    const auto until = fiber::from_now(seconds_to_duration(seconds).value_or(Duration{}));
    auto waiter = std::make_shared<fiber::Sleep>(scheduler, until);
    scheduler.timers().set(*waiter, fiber::earlier_of(until, *scheduler.current()));
    park(state, scheduler, std::move(waiter));
  }
  return lua_yield(state, 1);
}

// yield(): the other fibers that are ready run first.
int yield(lua_State* state) {
  auto& scheduler = scheduler_of(state);
  check_may_wait(state, scheduler);
  {
    const auto waiter = std::make_shared<fiber::Sleep>(scheduler, TimePoint{});
    park(state, scheduler, waiter);
    scheduler.wake(*waiter);
  }
  return lua_yield(state, 1);
}

Group& check_group(lua_State* state) {
  auto* memory = lua_touserdata(state, 1);
  luaL_argcheck(state, memory != nullptr, 1, "group expected");
  return *static_cast<Group*>(memory);
}

int collect_group(lua_State* state) {
  check_group(state).~Group();
  return 0;
}

// group() -> group
int group(lua_State* state) {
  void* memory = lua_newuserdata(state, sizeof(Group));
  new (memory) Group(scheduler_of(state));
  lua_pushlightuserdata(state, &group_metatable_key);
  lua_rawget(state, LUA_REGISTRYINDEX);
  lua_setmetatable(state, -2);
  return 1;
}

// spawn(group, fn, ...): the fiber begins in the loop's next turn.
int spawn(lua_State* state) {
  auto& group = check_group(state);
  luaL_checktype(state, 2, LUA_TFUNCTION);
  scheduler_of(state).spawn(&group, state, lua_gettop(state) - 2);
  return 0;
}

// begins_at(fn): what this fiber runs for a script is `fn`, whatever wraps it
int begins_at(lua_State* state) {
  lua_settop(state, 1);
  if (!lua_isfunction(state, 1)) return 0;  // calling it says what is wrong
  scheduler_of(state).current()->begun_at = function_position(state);
  return 0;
}

// join(group, running): waits until at most `running` fibers of it still run.
int join(lua_State* state) {
  auto& group = check_group(state);
  const auto until = static_cast<std::size_t>(luaL_checkinteger(state, 2));
  if (group.running() <= until) {
    lua_pushboolean(state, 1);
    return 1;
  }
  auto& scheduler = scheduler_of(state);
  {
    // A fiber told to stop still waits for its group: it stops the fibers in it and goes on waiting.
    const auto* fiber = scheduler.current();
    const auto waiter = std::make_shared<GroupJoin>(group, until);
    park(state, scheduler, waiter);
    if (fiber->must_stop()) {
      waiter->stop(fiber->stop_reason);
    } else {
      scheduler.timers().set(*waiter, fiber::earlier_of(kNoDeadline, *fiber));
    }
  }
  return lua_yield(state, 1);
}

// stop(group): its fibers raise `cancelled` where they wait.
int stop(lua_State* state) {
  check_group(state).stop(StopReason::cancelled);
  return 0;
}

// running(group) -> how many of its fibers have not ended
int running(lua_State* state) {
  lua_pushinteger(state, static_cast<lua_Integer>(check_group(state).running()));
  return 1;
}

char latch_metatable_key;

fiber::Latch& check_latch(lua_State* state) {
  auto* memory = lua_touserdata(state, 1);
  luaL_argcheck(state, memory != nullptr, 1, "latch expected");
  return *static_cast<fiber::Latch*>(memory);
}

int collect_latch(lua_State* state) {
  check_latch(state).~Latch();
  return 0;
}

// latch() -> latch, closed
int latch(lua_State* state) {
  new (lua_newuserdata(state, sizeof(fiber::Latch))) fiber::Latch();
  lua_pushlightuserdata(state, &latch_metatable_key);
  lua_rawget(state, LUA_REGISTRYINDEX);
  lua_setmetatable(state, -2);
  return 1;
}

// open_latch(latch): whoever waits for it goes on.
int open_latch(lua_State* state) {
  check_latch(state).open(scheduler_of(state));
  return 0;
}

// wait_latch(latch)
int wait_latch(lua_State* state) {
  auto& latch = check_latch(state);
  if (latch.is_open()) {
    lua_pushboolean(state, 1);
    return 1;
  }
  auto& scheduler = scheduler_of(state);
  check_may_wait(state, scheduler);
  {
    const auto waiter = latch.wait(scheduler, "a module that another fiber is loading");
    scheduler.timers().set(*waiter, fiber::earlier_of(kNoDeadline, *scheduler.current()));
    park(state, scheduler, waiter);
  }
  return lua_yield(state, 1);
}

// deadline_begin(seconds) -> id
int deadline_begin(lua_State* state) {
  const double seconds = luaL_checknumber(state, 1);
  auto& scheduler = scheduler_of(state);
  const auto length = seconds_to_duration(seconds).value_or(Duration{});
  auto scope = std::make_shared<fiber::DeadlineScope>();
  scope->at = fiber::from_now(length);
  scope->id = scheduler.next_id();
  scope->length = length;
  scope->outer = scheduler.current()->deadline;
  lua_pushnumber(state, static_cast<lua_Number>(scope->id));
  scheduler.current()->deadline = std::move(scope);
  ++scheduler.current()->blocks;
  scheduler.publish_deadline();
  return 1;
}

// deadline_end(): leaves the innermost deadline.
int deadline_end(lua_State* state) {
  auto& scheduler = scheduler_of(state);
  auto& deadline = scheduler.current()->deadline;
  deadline = std::shared_ptr<const fiber::DeadlineScope>(deadline->outer);
  --scheduler.current()->blocks;
  scheduler.publish_deadline();
  interrupt_served(state);
  return 0;
}

// blocks() -> how many deadlines, clean-ups and scopes the fiber is in
int blocks(lua_State* state) {
  lua_pushinteger(state, static_cast<lua_Integer>(scheduler_of(state).current()->blocks));
  return 1;
}

// shield(): until unshield(), a stop of this fiber waits; its deadlines are set aside.
int shield(lua_State* state) {
  auto& fiber = *scheduler_of(state).current();
  ++fiber.shielded;
  ++fiber.blocks;
  fiber.set_aside.push_back(std::exchange(fiber.deadline, nullptr));
  scheduler_of(state).publish_deadline();
  return 0;
}

int unshield(lua_State* state) {
  auto& fiber = *scheduler_of(state).current();
  --fiber.shielded;
  --fiber.blocks;
  fiber.deadline = std::move(fiber.set_aside.back());
  fiber.set_aside.pop_back();
  scheduler_of(state).publish_deadline();
  return 0;
}

// fiber() -> a number that is this fiber's alone
int fiber_id(lua_State* state) {
  lua_pushnumber(state, static_cast<lua_Number>(scheduler_of(state).current()->id));
  return 1;
}

// now() -> seconds on the monotonic clock
int now(lua_State* state) {
  lua_pushnumber(state, std::chrono::duration<double>(Clock::now().time_since_epoch()).count());
  return 1;
}

// random() -> a number from 0 to 1, another one in every process
int random_number(lua_State* state) {
  static std::mt19937_64 generator{std::random_device{}()};
  lua_pushnumber(state, std::uniform_real_distribution<double>{}(generator));
  return 1;
}

// callback_returned(ok, error): the call this fiber ran a callback for goes on.
int callback_returned(lua_State* state) {
  const bool raised = lua_toboolean(state, 1) == 0;
  int result = 0;
  {
    auto& waiting = scheduler_of(state).current()->in_callback;
    const auto waiter = std::move(waiting.back());
    waiting.pop_back();
    lua_settop(state, 2);
    result = static_cast<Operation&>(*waiter).callback_returned(state, raised);
  }
  if (result == kRaise) return lua_error(state);
  if (result != kPark) return result;
  Scheduler::push_sentinel(state);
  return lua_yield(state, 1);
}

void make_metatable(lua_State* state, char* key, const char* name, lua_CFunction collect) {
  lua_pushlightuserdata(state, key);
  lua_createtable(state, 0, 2);
  lua_pushcfunction(state, collect);
  lua_setfield(state, -2, "__gc");
  lua_pushstring(state, name);
  lua_setfield(state, -2, "__metatable");
  lua_rawset(state, LUA_REGISTRYINDEX);
}

}  // namespace

void add_fiber_natives(lua_State* state) {
  make_metatable(state, &group_metatable_key, "group", collect_group);
  make_metatable(state, &latch_metatable_key, "latch", collect_latch);

  Scheduler::push_sentinel(state);
  lua_setfield(state, -2, "park");
  set_native(state, "sleep", sleep);
  set_native(state, "yield", yield);
  set_native(state, "group", group);
  set_native(state, "spawn", spawn);
  set_native(state, "begins_at", begins_at);
  set_native(state, "join", join);
  set_native(state, "stop", stop);
  set_native(state, "running", running);
  set_native(state, "latch", latch);
  set_native(state, "open_latch", open_latch);
  set_native(state, "wait_latch", wait_latch);
  set_native(state, "deadline_begin", deadline_begin);
  set_native(state, "deadline_end", deadline_end);
  set_native(state, "blocks", blocks);
  set_native(state, "shield", shield);
  set_native(state, "unshield", unshield);
  set_native(state, "fiber", fiber_id);
  set_native(state, "now", now);
  set_native(state, "random", random_number);
  set_native(state, "callback_returned", callback_returned);
}

}  // namespace opshost::lua
