#include "host/lua/markers.hpp"

namespace opshost::lua {

namespace {

char null_key;
char list_key;

void push_registered(lua_State* state, void* key) {
  lua_pushlightuserdata(state, key);
  lua_rawget(state, LUA_REGISTRYINDEX);
}

int null_tostring(lua_State* state) {
  lua_pushliteral(state, "null");
  return 1;
}

void name_metatable(lua_State* state, const char* name) {
  lua_pushstring(state, name);
  lua_setfield(state, -2, "__metatable");
}

}  // namespace

void install_markers(lua_State* state) {
  lua_pushlightuserdata(state, &null_key);
  lua_newuserdata(state, 0);
  lua_createtable(state, 0, 2);
  lua_pushcfunction(state, null_tostring);
  lua_setfield(state, -2, "__tostring");
  name_metatable(state, "null");
  lua_setmetatable(state, -2);
  lua_rawset(state, LUA_REGISTRYINDEX);

  lua_pushlightuserdata(state, &list_key);
  lua_createtable(state, 0, 1);
  name_metatable(state, "list");
  lua_rawset(state, LUA_REGISTRYINDEX);
}

void push_null(lua_State* state) { push_registered(state, &null_key); }

bool is_null(lua_State* state, int index) {
  if (lua_type(state, index) != LUA_TUSERDATA) return false;
  const void* given = lua_touserdata(state, index);
  push_null(state);
  const bool same = lua_touserdata(state, -1) == given;
  lua_pop(state, 1);
  return same;
}

void push_list_metatable(lua_State* state) { push_registered(state, &list_key); }

bool is_marked_list(lua_State* state, int index) {
  if (lua_getmetatable(state, index) == 0) return false;
  push_list_metatable(state);
  const bool same = lua_rawequal(state, -1, -2) != 0;
  lua_pop(state, 2);
  return same;
}

}  // namespace opshost::lua
