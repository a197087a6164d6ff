// Holds for stdlib: fibers that stand still while something is in doubt.
#include <memory>

#include "host/fiber/hold.hpp"
#include "host/fiber/lease.hpp"
#include "host/fiber/scheduler.hpp"
#include "host/gate/gate.hpp"
#include "host/lua/context.hpp"
#include "host/lua/handle.hpp"
#include "host/lua/natives.hpp"

namespace opshost::lua {

namespace {

using fiber::Hold;
using HoldPtr = std::shared_ptr<Hold>;

char hold_metatable_key;

HoldPtr& check_hold(lua_State* state) {
  auto* memory = lua_touserdata(state, 1);
  luaL_argcheck(state, memory != nullptr, 1, "hold expected");
  return *static_cast<HoldPtr*>(memory);
}

int collect_hold(lua_State* state) {
  check_hold(state).~HoldPtr();
  return 0;
}

std::shared_ptr<fiber::Lease> lease_of(const HandleBox* box) {
  if (box == nullptr) return nullptr;
  const auto as_lease = box->handle_class->also.find(&handle_class<fiber::Lease>());
  if (as_lease == box->handle_class->also.end()) return nullptr;
  return std::static_pointer_cast<fiber::Lease>(as_lease->second(box->object));
}

// hold(lease) -> hold, off, inside of the current fiber's. lease: a handle that is one; nil: none
int new_hold(lua_State* state) {
  auto& fiber = *context_of(state).scheduler->current();
  const HandleBox* box = lua_isnoneornil(state, 1) ? nullptr : to_any_handle(state, 1);
  luaL_argcheck(state, box != nullptr || lua_isnoneornil(state, 1), 1, "lease expected");
  new (lua_newuserdata(state, sizeof(HoldPtr))) HoldPtr(std::make_shared<Hold>(fiber.hold, lease_of(box)));
  lua_pushlightuserdata(state, &hold_metatable_key);
  lua_rawget(state, LUA_REGISTRYINDEX);
  lua_setmetatable(state, -2);
  return 1;
}

// enter_hold(hold): the current fiber, and those it begins, are under it from now on
int enter_hold(lua_State* state) {
  context_of(state).scheduler->current()->hold = check_hold(state);
  return 0;
}

// set_hold(hold, on): on: fibers under it stand still; off: they go on
int set_hold(lua_State* state) {
  check_hold(state)->set(lua_toboolean(state, 2) != 0, *context_of(state).scheduler);
  return 0;
}

}  // namespace

void add_hold_natives(lua_State* state) {
  lua_pushlightuserdata(state, &hold_metatable_key);
  lua_createtable(state, 0, 2);
  lua_pushcfunction(state, collect_hold);
  lua_setfield(state, -2, "__gc");
  lua_pushstring(state, "hold");
  lua_setfield(state, -2, "__metatable");
  lua_rawset(state, LUA_REGISTRYINDEX);
  set_native(state, "hold", new_hold);
  set_native(state, "enter_hold", enter_hold);
  set_native(state, "set_hold", set_hold);
}

}  // namespace opshost::lua
