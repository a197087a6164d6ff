#include "host/lua/read_only.hpp"

#include <vector>

#include "host/base/names.hpp"
#include "host/lua/convert.hpp"
#include "host/lua/error_object.hpp"

namespace opshost::lua {

namespace {

// Upvalues of all three: 1 the table behind, 2 its name. raise_missing has a third: what finds a name that is not there
// yet, or nil.

int push_missing(lua_State* state) {
  const char* module = lua_tostring(state, lua_upvalueindex(2));
  const std::string name = lua_type(state, 2) == LUA_TSTRING ? lua_tostring(state, 2) : describe_value(state, 2);
  std::vector<std::string> names;
  for (lua_pushnil(state); lua_next(state, lua_upvalueindex(1)) != 0; lua_pop(state, 1)) {
    if (lua_type(state, -2) == LUA_TSTRING) names.emplace_back(lua_tostring(state, -2));
  }
  push_error(state,
             Error("usage.unknown_name", std::string(module) + " has no \"" + name + "\"" + did_you_mean(name, names)));
  return 1;
}

/// Pushes what the finder has under that name, and keeps it in the table; false: nothing.
bool push_late(lua_State* state) {
  if (lua_isnil(state, lua_upvalueindex(3))) return false;
  lua_pushvalue(state, lua_upvalueindex(3));
  lua_pushvalue(state, 2);
  lua_call(state, 1, 1);
  if (lua_isnil(state, -1)) return false;
  lua_pushvalue(state, 2);
  lua_pushvalue(state, -2);
  lua_rawset(state, lua_upvalueindex(1));
  return true;
}

int raise_missing(lua_State* state) {
  if (push_late(state)) return 1;
  push_missing(state);
  locate_error(state);
  return lua_error(state);
}

int assign(lua_State* state) {
  push_error(state, Error("usage.read_only", std::string(lua_tostring(state, lua_upvalueindex(2))) +
                                                 " is read-only; keep your own functions in a local table"));
  locate_error(state);
  return lua_error(state);
}

int pairs_behind(lua_State* state) {
  lua_getglobal(state, "next");
  lua_pushvalue(state, lua_upvalueindex(1));
  lua_pushnil(state);
  return 3;
}

void set_closure(lua_State* state, int table, const char* field, lua_CFunction function, const std::string& name) {
  lua_pushvalue(state, table);
  lua_pushlstring(state, name.data(), name.size());
  lua_pushcclosure(state, function, 2);
  lua_setfield(state, -2, field);
}

}  // namespace

void push_read_only(lua_State* state, const std::string& name, Missing missing, int finder) {
  const int table = lua_gettop(state);
  if (missing == Missing::raises) {
    lua_createtable(state, 0, 1);
    lua_pushvalue(state, table);
    lua_pushlstring(state, name.data(), name.size());
    if (finder != 0) {
      lua_pushvalue(state, finder);
    } else {
      lua_pushnil(state);
    }
    lua_pushcclosure(state, raise_missing, 3);
    lua_setfield(state, -2, "__index");
    lua_setmetatable(state, table);
  }
  lua_createtable(state, 0, 0);
  lua_createtable(state, 0, 4);
  lua_pushvalue(state, table);
  lua_setfield(state, -2, "__index");
  set_closure(state, table, "__newindex", assign, name);
  set_closure(state, table, "__pairs", pairs_behind, name);
  lua_pushlstring(state, name.data(), name.size());
  lua_setfield(state, -2, "__metatable");
  lua_setmetatable(state, -2);
  lua_replace(state, table);
}

}  // namespace opshost::lua
