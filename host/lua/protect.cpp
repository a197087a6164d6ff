#include "host/lua/protect.hpp"

namespace opshost::lua {

namespace {
char run_body_key;

int run_body(lua_State* state) {
  const auto* body = static_cast<const std::function<int(lua_State*)>*>(lua_touserdata(state, 1));
  lua_settop(state, 0);
  return (*body)(state);
}
}  // namespace

// The C function is kept in the registry, so that fetching it allocates nothing.
void install_protect(lua_State* state) {
  lua_pushlightuserdata(state, &run_body_key);
  lua_pushcfunction(state, run_body);
  lua_rawset(state, LUA_REGISTRYINDEX);
}

bool protect(lua_State* state, const std::function<int(lua_State*)>& body, int& count) {
  const int before = lua_gettop(state);
  lua_pushlightuserdata(state, &run_body_key);
  lua_rawget(state, LUA_REGISTRYINDEX);
  // lua_pcall hands the address on untouched; run_body only reads it.
  lua_pushlightuserdata(state, const_cast<std::function<int(lua_State*)>*>(&body));
  if (lua_pcall(state, 1, LUA_MULTRET, 0) != 0) {
    count = 1;
    return false;
  }
  count = lua_gettop(state) - before;
  return true;
}

}  // namespace opshost::lua
