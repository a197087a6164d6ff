// What print, io.write, ops.print and the log stand on.
#include <array>
#include <new>

#include "host/fiber/output_drain.hpp"
#include "host/log/log.hpp"
#include "host/lua/context.hpp"
#include "host/lua/natives.hpp"
#include "host/term/output_format.hpp"

namespace opshost::lua {

namespace {

using fiber::OutputDrain;
using fiber::Scheduler;

bool may_wait(lua_State* state, Scheduler& scheduler) {
  const auto* fiber = scheduler.current();
  return fiber != nullptr && !fiber->must_stop() && lua_isyieldable(state) != 0;
}

// write(text): standard output, as print does. Waits only while far too much is kept for its reader.
int write(lua_State* state) {
  std::size_t length = 0;
  const char* text = luaL_checklstring(state, 1, &length);
  auto& drain = *static_cast<OutputDrain*>(lua_touserdata(state, lua_upvalueindex(1)));
  auto& scheduler = *context_of(state).scheduler;
  if (drain.offer({text, length}) || !may_wait(state, scheduler)) {
    lua_pushboolean(state, 1);
    return 1;
  }
  {
    const auto waiter = drain.wait();
    scheduler.timers().set(*waiter, fiber::earlier_of(kNoDeadline, *scheduler.current()));
    scheduler.park(waiter);
  }
  Scheduler::push_sentinel(state);
  return lua_yield(state, 1);
}

// warn(text): a line in the log
int warn(lua_State* state) {
  std::size_t length = 0;
  const char* text = luaL_checklstring(state, 1, &length);
  log(Level::warn, {text, length});
  return 0;
}

// log(level, text); level is "debug", "info", "warn" or "error"
int native_log(lua_State* state) {
  static constexpr std::array<const char*, 5> kLevels{"debug", "info", "warn", "error", nullptr};
  static_assert(static_cast<int>(Level::debug) == 0 && static_cast<int>(Level::error) == 3);
  const auto level = static_cast<Level>(luaL_checkoption(state, 1, nullptr, kLevels.data()));
  std::size_t length = 0;
  const char* text = luaL_checklstring(state, 2, &length);
  log(level, {text, length});
  return 0;
}

// is_json_output() -> boolean
int native_is_json_output(lua_State* state) {
  lua_pushboolean(state, is_json_output() ? 1 : 0);
  return 1;
}

int collect_drain(lua_State* state) {
  static_cast<OutputDrain*>(lua_touserdata(state, 1))->~OutputDrain();
  return 0;
}

}  // namespace

void add_output_natives(lua_State* state) {
  void* memory = lua_newuserdata(state, sizeof(OutputDrain));
  new (memory) OutputDrain(*context_of(state).scheduler, standard_output());
  lua_createtable(state, 0, 1);
  lua_pushcfunction(state, collect_drain);
  lua_setfield(state, -2, "__gc");
  lua_setmetatable(state, -2);
  lua_pushcclosure(state, write, 1);
  lua_setfield(state, -2, "write");
  set_native(state, "warn", warn);
  set_native(state, "log", native_log);
  set_native(state, "is_json_output", native_is_json_output);
}

}  // namespace opshost::lua
