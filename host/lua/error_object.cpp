#include "host/lua/error_object.hpp"

#include <cstring>

#include "host/fiber/scheduler.hpp"
#include "host/lua/context.hpp"
#include "host/lua/convert.hpp"

namespace opshost::lua {

namespace {

char error_key;
char stop_key;

void push_metatable(lua_State* state, void* key) {
  lua_pushlightuserdata(state, key);
  lua_rawget(state, LUA_REGISTRYINDEX);
}

bool has_metatable(lua_State* state, int index, void* key) {
  if (lua_type(state, index) != LUA_TTABLE || lua_getmetatable(state, index) == 0) return false;
  push_metatable(state, key);
  const bool same = lua_rawequal(state, -1, -2) != 0;
  lua_pop(state, 2);
  return same;
}

void set_string(lua_State* state, const char* name, const std::string& value) {
  if (value.empty()) return;
  lua_pushstring(state, name);
  lua_pushlstring(state, value.data(), value.size());
  lua_rawset(state, -3);
}

void set_flag(lua_State* state, const char* name, bool value) {
  lua_pushstring(state, name);
  lua_pushboolean(state, value ? 1 : 0);
  lua_rawset(state, -3);
}

std::string get_string(lua_State* state, int index, const char* name) {
  lua_pushstring(state, name);
  lua_rawget(state, index);
  std::size_t length = 0;
  const char* text = lua_type(state, -1) == LUA_TSTRING ? lua_tolstring(state, -1, &length) : "";
  std::string value(text, length);
  lua_pop(state, 1);
  return value;
}

bool get_flag(lua_State* state, int index, const char* name) {
  lua_pushstring(state, name);
  lua_rawget(state, index);
  const bool value = lua_toboolean(state, -1) != 0;
  lua_pop(state, 1);
  return value;
}

void push_fields(lua_State* state, const Error& error, void* metatable) {
  luaL_checkstack(state, 6, "error causes nested too deeply");
  lua_createtable(state, 0, 9);
  set_string(state, "code", error.code());
  set_string(state, "message", error.message());
  set_string(state, "target", error.target());
  set_string(state, "op", error.op());
  set_flag(state, "retryable", error.is_retryable());
  set_flag(state, "maybe_applied", error.is_maybe_applied());
  if (!error.detail().is_null()) {
    lua_pushliteral(state, "detail");
    push_value(state, error.detail());
    lua_rawset(state, -3);
  }
  if (error.cause()) {
    lua_pushliteral(state, "cause");
    push_fields(state, *error.cause(), &error_key);
    lua_rawset(state, -3);
  }
  push_metatable(state, metatable);
  lua_setmetatable(state, -2);
}

int error_tostring(lua_State* state) {
  // The text is copied to Lua before anything here may raise with it alive.
  luaL_checktype(state, 1, LUA_TTABLE);
  {
    const std::string text = one_line(to_error(state, 1), get_string(state, 1, "at"));
    lua_pushlstring(state, text.data(), text.size());
  }
  return 1;
}

// error .. "text" reads as the one line does.
int error_concat(lua_State* state) {
  for (int i = 1; i <= 2; ++i) {
    if (is_error(state, i)) {
      lua_pushcfunction(state, error_tostring);
      lua_pushvalue(state, i);
      lua_call(state, 1, 1);
      lua_replace(state, i);
    }
  }
  lua_concat(state, 2);
  return 1;
}

void make_metatable(lua_State* state, void* key) {
  lua_pushlightuserdata(state, key);
  lua_createtable(state, 0, 3);
  lua_pushcfunction(state, error_tostring);
  lua_setfield(state, -2, "__tostring");
  lua_pushcfunction(state, error_concat);
  lua_setfield(state, -2, "__concat");
  lua_pushliteral(state, "error");
  lua_setfield(state, -2, "__metatable");
  lua_rawset(state, LUA_REGISTRYINDEX);
}

constexpr int kMostCauses = 16;
Error to_nested_error(lua_State* state, int index, int depth);

constexpr const char* kMemoryMessage = "not enough memory";

Error error_from_string(const std::string& text) {
  if (text == kMemoryMessage) {
    return {"script.memory", "the script needs more memory than it may use; raise the limit with --memory"};
  }
  return {"script.error", text};
}

}  // namespace

void install_errors(lua_State* state) {
  make_metatable(state, &error_key);
  make_metatable(state, &stop_key);
}

void push_error(lua_State* state, const Error& error) { push_fields(state, error, &error_key); }

void push_stop(lua_State* state, const Error& error, std::uint64_t scope) {
  push_fields(state, error, &stop_key);
  lua_pushliteral(state, "scope");
  lua_pushnumber(state, static_cast<lua_Number>(scope));
  lua_rawset(state, -3);
}

void push_script_error(lua_State* state, const std::string& message) {
  push_error(state, Error("script.error", message));
  locate_error(state);
}

bool is_stop(lua_State* state, int index) { return has_metatable(state, index, &stop_key); }

bool is_error(lua_State* state, int index) { return has_metatable(state, index, &error_key) || is_stop(state, index); }

std::uint64_t stop_scope(lua_State* state, int index) {
  lua_pushvalue(state, index);
  lua_pushliteral(state, "scope");
  lua_rawget(state, -2);
  const auto scope = static_cast<std::uint64_t>(lua_tonumber(state, -1));
  lua_pop(state, 2);
  return scope;
}

std::string error_position(lua_State* state, int index) {
  if (index < 0) index = lua_gettop(state) + index + 1;
  return get_string(state, index, "at");
}

Error to_error(lua_State* state, int index) { return to_nested_error(state, index, 0); }

namespace {

Error to_nested_error(lua_State* state, int index, int depth) {
  if (index < 0) index = lua_gettop(state) + index + 1;
  if (lua_type(state, index) == LUA_TSTRING) {
    std::size_t length = 0;
    const char* text = lua_tolstring(state, index, &length);
    return error_from_string(std::string(text, length));
  }
  const bool ours = lua_type(state, index) == LUA_TTABLE && is_error(state, index);
  if (!ours) return {"script.error", "a script raised " + describe(value_from_lua(state, index))};
  Error error = Error(get_string(state, index, "code"), get_string(state, index, "message"))
                    .on(get_string(state, index, "target"))
                    .during(get_string(state, index, "op"))
                    .retryable(get_flag(state, index, "retryable"))
                    .maybe_applied(get_flag(state, index, "maybe_applied"));
  lua_pushliteral(state, "detail");
  lua_rawget(state, index);
  if (!lua_isnil(state, -1)) error.set_detail(value_from_lua(state, lua_gettop(state)));
  lua_pop(state, 1);
  lua_pushliteral(state, "cause");
  lua_rawget(state, index);
  // A script may have made it its own cause.
  if (!lua_isnil(state, -1) && depth < kMostCauses)
    error.set_cause(to_nested_error(state, lua_gettop(state), depth + 1));
  lua_pop(state, 1);
  return error;
}

}  // namespace

bool is_internal_chunk(const char* source) { return std::strncmp(source, kInternalChunk, 10) == 0; }

namespace {

std::string innermost_frame(lua_State* state) {
  lua_Debug frame{};
  for (int level = 0; lua_getstack(state, level, &frame) != 0; ++level) {
    lua_getinfo(state, "Sl", &frame);
    if (frame.currentline > 0 && !is_internal_chunk(frame.source)) {
      return std::string(frame.short_src) + ":" + std::to_string(frame.currentline);
    }
  }
  return {};
}

}  // namespace

std::string script_position(lua_State* state) {
  auto position = innermost_frame(state);
  auto* scheduler = context_of(state).scheduler;
  const auto* fiber = scheduler == nullptr ? nullptr : scheduler->current();
  if (!position.empty() || fiber == nullptr) return position;
  if (fiber->thread != state) position = innermost_frame(fiber->thread);
  return position.empty() ? fiber->begun_at : position;
}

std::string function_position(lua_State* state) {
  lua_Debug function{};
  lua_getinfo(state, ">S", &function);
  if (*function.what == 'C' || is_internal_chunk(function.source)) return {};
  const std::string file(function.short_src);
  return function.linedefined > 0 ? file + ":" + std::to_string(function.linedefined) : file;
}

void locate_error(lua_State* state) {
  lua_pushliteral(state, "at");
  lua_rawget(state, -2);
  const bool located = !lua_isnil(state, -1);
  lua_pop(state, 1);
  if (located) return;
  set_string(state, "at", script_position(state));
  lua_pushliteral(state, "traceback");
  luaL_traceback(state, state, nullptr, 0);
  lua_rawset(state, -3);
}

std::string one_line(const Error& error, const std::string& at) {
  std::string text;
  if (!at.empty()) text += at + ": ";
  if (!error.op().empty()) text += error.op() + ": ";
  text += error.message();
  if (!error.target().empty() && text.find(error.target()) == std::string::npos) text += " (on " + error.target() + ")";
  if (error.is_maybe_applied()) text += "; it may have been applied";
  if (error.code() != "script.error") text += " [" + error.code() + "]";
  return text;
}

}  // namespace opshost::lua
