#include "host/lua/sandbox.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "host/base/names.hpp"
#include "host/lua/error_object.hpp"
#include "host/lua/globals.hpp"
#include "host/lua/read_only.hpp"
#include "host/lua/vm.hpp"

namespace opshost::lua {

namespace {

char natives_key;
char globals_key;

void copy_field(lua_State* state, int from, int to, const char* name) {
  lua_getfield(state, from, name);
  lua_setfield(state, to, name);
}

/// A library with the fields scripts have; those the prelude writes itself are not there yet.
void copy_library(lua_State* state, int globals, const GlobalInfo& library) {
  const std::string name(library.name);
  lua_getglobal(state, name.c_str());
  lua_createtable(state, 0, static_cast<int>(library.fields.size()));
  const int copy = lua_gettop(state);
  for (const auto& field : library.fields) copy_field(state, copy - 1, copy, std::string(field).c_str());
  lua_setfield(state, globals, name.c_str());
  lua_pop(state, 1);
}

void copy_everything(lua_State* state, int globals) {
  for (lua_pushnil(state); lua_next(state, LUA_GLOBALSINDEX) != 0;) {
    lua_pushvalue(state, -2);
    lua_insert(state, -2);
    lua_rawset(state, globals);
  }
}

std::string name_at(lua_State* state, int index) {
  return lua_type(state, index) == LUA_TSTRING ? lua_tostring(state, index)
                                               : lua_typename(state, lua_type(state, index));
}

int raise(lua_State* state) {
  locate_error(state);
  return lua_error(state);
}

void push_undeclared(lua_State* state, const char* code, const std::string& text) {
  std::vector<std::string> names;
  lua_pushlightuserdata(state, &globals_key);
  lua_rawget(state, LUA_REGISTRYINDEX);
  for (lua_pushnil(state); lua_next(state, -2) != 0; lua_pop(state, 1)) names.push_back(name_at(state, -2));
  push_error(state, Error(code, text + did_you_mean(name_at(state, 2), names)));
}

bool is_module(lua_State* state, const std::string& name) {
  const auto& entries = Vm::of(state).module_entries();
  return std::any_of(entries.begin(), entries.end(), [&](const ModuleEntry& entry) { return name == entry.name; });
}

int read_undeclared(lua_State* state) {
  if (const auto* removed = find_removed_name(name_at(state, 2))) {
    push_error(state, Error("script.undeclared", "scripts have no " + std::string(removed->name) + "; use " +
                                                     std::string(removed->instead)));
    return raise(state);
  }
  if (is_module(state, name_at(state, 2))) {
    push_error(state,
               Error("script.undeclared", "variable \"" + name_at(state, 2) + "\" is not declared; write `local " +
                                              name_at(state, 2) + " = require \"" + name_at(state, 2) + "\"`"));
    return raise(state);
  }
  push_undeclared(state, "script.undeclared", "variable \"" + name_at(state, 2) + "\" is not declared");
  return raise(state);
}

int write_undeclared(lua_State* state) {
  push_error(state, Error("script.undeclared", "variable \"" + name_at(state, 2) + "\" is not declared; write `local " +
                                                   name_at(state, 2) + "`"));
  return raise(state);
}

}  // namespace

void push_script_globals(lua_State* state, bool unsafe_lua) {
  lua_createtable(state, 0, 40);
  const int globals = lua_gettop(state);
  if (unsafe_lua) {
    copy_everything(state, globals);
  } else {
    for (const auto& known : global_names()) {
      if (known.name == "_G") continue;
      if (known.fields.empty()) {
        copy_field(state, LUA_GLOBALSINDEX, globals, std::string(known.name).c_str());
      } else {
        copy_library(state, globals, known);
      }
    }
    // Methods of strings are those scripts see: without string.dump.
    lua_pushliteral(state, "");
    lua_getmetatable(state, -1);
    lua_getfield(state, globals, "string");
    lua_setfield(state, -2, "__index");
    lua_pop(state, 2);
  }
  lua_pushlightuserdata(state, &globals_key);
  lua_pushvalue(state, globals);
  lua_rawset(state, LUA_REGISTRYINDEX);
}

void seal_script_globals(lua_State* state, int globals, bool unsafe_lua) {
  if (!unsafe_lua) {
    for (const auto& known : global_names()) {
      if (known.fields.empty() || known.name == "package") continue;
      const std::string library(known.name);
      lua_getfield(state, globals, library.c_str());
      push_read_only(state, library, Missing::is_nil);
      lua_setfield(state, globals, library.c_str());
    }
    lua_createtable(state, 0, 1);
    lua_pushcfunction(state, read_undeclared);
    lua_setfield(state, -2, "__index");
    lua_setmetatable(state, globals);
  }
  lua_pushvalue(state, globals);
  lua_replace(state, LUA_GLOBALSINDEX);
}

void push_environment(lua_State* state, bool lax) {
  lua_createtable(state, 0, 2);
  lua_pushvalue(state, -1);
  lua_setfield(state, -2, "_G");
  lua_createtable(state, 0, 2);
  lua_pushlightuserdata(state, &globals_key);
  lua_rawget(state, LUA_REGISTRYINDEX);
  lua_setfield(state, -2, "__index");
  if (!lax) {
    lua_pushcfunction(state, write_undeclared);
    lua_setfield(state, -2, "__newindex");
  }
  lua_setmetatable(state, -2);
}

void keep_natives(lua_State* state, int index) {
  lua_pushlightuserdata(state, &natives_key);
  lua_pushvalue(state, index);
  lua_rawset(state, LUA_REGISTRYINDEX);
}

void push_natives(lua_State* state) {
  lua_pushlightuserdata(state, &natives_key);
  lua_rawget(state, LUA_REGISTRYINDEX);
}

}  // namespace opshost::lua
