// Error objects for stdlib.
#include "host/lua/context.hpp"
#include "host/lua/convert.hpp"
#include "host/lua/error_object.hpp"
#include "host/lua/natives.hpp"
#include "host/lua/stop.hpp"
#include "host/lua/traceback.hpp"

namespace opshost::lua {

namespace {

// is_stop(value) -> boolean: an error no pcall of a script catches
int native_is_stop(lua_State* state) {
  lua_pushboolean(state, is_stop(state, 1) ? 1 : 0);
  return 1;
}

int native_is_error(lua_State* state) {
  lua_pushboolean(state, is_error(state, 1) ? 1 : 0);
  return 1;
}

// locate(error): notes where the script is, once
int locate(lua_State* state) {
  lua_settop(state, 1);
  if (is_error(state, 1)) locate_error(state);
  return 0;
}

// new_error(code, message [, fields]) -> error object, located at the calling script. `fields`: target, op, retryable,
// maybe_applied, detail, cause, as they stand.
int new_error(lua_State* state) {
  std::size_t length = 0;
  const char* code = luaL_checkstring(state, 1);
  const char* message = luaL_checklstring(state, 2, &length);
  push_error(state, Error(code, std::string(message, length)));
  if (lua_istable(state, 3)) {
    for (lua_pushnil(state); lua_next(state, 3) != 0;) {
      lua_pushvalue(state, -2);
      lua_insert(state, -2);
      lua_rawset(state, -4);
    }
  }
  locate_error(state);
  return 1;
}

// stop_scope(stop) -> the ops.deadline block that ends it; 0: none
int native_stop_scope(lua_State* state) {
  lua_pushnumber(state, static_cast<lua_Number>(stop_scope(state, 1)));
  return 1;
}

// as_error(stop) -> the same as an error a script may catch
int as_error(lua_State* state) {
  push_error(state, to_error(state, 1));
  for (const char* field : {"at", "traceback"}) {
    lua_getfield(state, 1, field);
    lua_setfield(state, -2, field);
  }
  return 1;
}

// to_error(value) -> error object: itself, or what a script raised made into one
int native_to_error(lua_State* state) {
  lua_settop(state, 1);
  if (is_error(state, 1)) return 1;
  push_error(state, to_error(state, 1));
  return 1;
}

// new_stop(code, message) -> a stop: os.exit, a plan's unknown
int new_stop(lua_State* state) {
  push_stop(state, Error(luaL_checkstring(state, 1), luaL_checkstring(state, 2)), 0);
  if (lua_istable(state, 3)) {
    lua_pushvalue(state, 3);
    lua_setfield(state, -2, "detail");
  }
  locate_error(state);
  return 1;
}

// remember_traceback(coroutine, error): for the report, should nobody catch it
int native_remember_traceback(lua_State* state) {
  if (lua_State* inner = lua_tothread(state, 1)) remember_traceback(state, inner, 2);
  return 0;
}

// position() -> where the script is: "stop.lua:12"
int position(lua_State* state) {
  const auto at = script_position(state);
  lua_pushlstring(state, at.data(), at.size());
  return 1;
}

// remember_frames_inside(xpcall, error): the same from a handler, of the call that is being left
int native_remember_frames_inside(lua_State* state) {
  lua_settop(state, 2);
  remember_frames_inside(state, 1, 2);
  return 0;
}

}  // namespace

void add_error_natives(lua_State* state) {
  set_native(state, "is_stop", native_is_stop);
  set_native(state, "is_error", native_is_error);
  set_native(state, "locate", locate);
  set_native(state, "new_error", new_error);
  set_native(state, "new_stop", new_stop);
  set_native(state, "stop_scope", native_stop_scope);
  set_native(state, "position", position);
  set_native(state, "as_error", as_error);
  set_native(state, "to_error", native_to_error);
  set_native(state, "remember_traceback", native_remember_traceback);
  set_native(state, "remember_frames_inside", native_remember_frames_inside);
}

}  // namespace opshost::lua
