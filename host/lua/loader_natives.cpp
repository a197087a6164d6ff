// Loading chunks and modules for stdlib.
#include <algorithm>

#include "host/base/names.hpp"
#include "host/base/utf8.hpp"
#include "host/lua/c_stack.hpp"
#include "host/lua/error_object.hpp"
#include "host/lua/globals.hpp"
#include "host/lua/natives.hpp"
#include "host/lua/sandbox.hpp"
#include "host/lua/script_files.hpp"
#include "host/lua/vm.hpp"

namespace opshost::lua {

namespace {

struct TextReader {
  std::string_view text;
};

const char* next_part(lua_State*, void* reader, std::size_t* size) {
  auto& part = *static_cast<TextReader*>(reader);
  *size = part.text.size();
  const char* data = part.text.data();
  part.text = {};
  return *size > 0 ? data : nullptr;
}

// load(text, chunk_name) -> function, or nil and what is wrong with it
int load(lua_State* state) {
  std::size_t length = 0;
  const char* text = luaL_checklstring(state, 1, &length);
  const char* chunk_name = luaL_checkstring(state, 2);
  TextReader reader{std::string_view(text, length)};
  const char* mode = Vm::of(state).options().unsafe_lua ? "bt" : "t";
  if (lua_loadx(state, next_part, &reader, chunk_name, mode) == 0) return 1;
  lua_pushnil(state);
  lua_insert(state, -2);
  return 2;
}

// new_environment(chunk_name) -> table
int new_environment(lua_State* state) {
  push_environment(state, Vm::of(state).options().unsafe_lua);
  return 1;
}

/// Names may have NUL bytes, which must not cut them short.
std::string bytes_at(lua_State* state, int index) {
  std::size_t length = 0;
  const char* text = luaL_checklstring(state, index, &length);
  return {text, length};
}

std::vector<std::string> known_module_names(Vm& vm) {
  std::vector<std::string> names;
  for (const auto& entry : vm.module_entries()) names.emplace_back(entry.name);
  for (const auto& script : list_scripts(vm.options().script_path)) names.push_back(script.name);
  return names;
}

std::vector<std::string> search_folders(const Vm& vm) {
  std::vector<std::string> folders;
  if (!vm.script_folder().empty()) folders.push_back(vm.script_folder());
  folders.insert(folders.end(), vm.options().script_path.begin(), vm.options().script_path.end());
  return folders;
}

std::string stdlib_path(std::string name) {
  std::replace(name.begin(), name.end(), '.', '/');
  return "stdlib/" + name + ".lua";
}

int push_script(lua_State* state, const ScriptSource& source) {
  Vm::of(state).note_loaded(source);
  lua_pushliteral(state, "script");
  lua_pushlstring(state, source.text.data(), source.text.size());
  lua_pushlstring(state, source.chunk_name.data(), source.chunk_name.size());
  return 3;
}

/// A module of opshost's own: C++ functions, then what the stdlib file of that name adds to them.
int push_own_module(lua_State* state, Vm& vm, const std::string& name) {
  const auto text = embedded_text(stdlib_path(name));
  lua_pushliteral(state, "binding");
  if (text.empty()) {
    push_module(state, *vm.find_module(name));
    return 2;
  }
  const std::string chunk_name = std::string(kInternalChunk) + " " + name;
  if (luaL_loadbuffer(state, text.data(), text.size(), chunk_name.c_str()) != 0) lua_error(state);
  push_natives(state);
  lua_call(state, 1, 1);
  if (lua_isnil(state, -1)) {
    lua_pop(state, 1);
    push_module(state, *vm.find_module(name));
  }
  return 2;
}

int push_module_by_name(lua_State* state, const std::string& name) {
  auto& vm = Vm::of(state);
  const bool internal = name.starts_with("opshost.");
  if (!internal && (vm.find_module(name) != nullptr || !embedded_text(stdlib_path(name)).empty())) {
    return push_own_module(state, vm, name);
  }
  if (const auto source = find_script(name, search_folders(vm))) return push_script(state, *source);
  if (const auto* removed = find_removed_name(name)) {
    throw Error("script.no_module", "scripts have no " + name + "; use " + std::string(removed->instead));
  }
  throw Error("script.no_module", "there is no module \"" + printable(name) + "\"" +
                                      did_you_mean(name, known_module_names(vm)) +
                                      "; `opshost help` lists the bindings, `opshost scripts` the script libraries");
}

// find_module(name) -> "binding", module | "script", text, chunk name
int find_module(lua_State* state) {
  int count = 0;
  try {
    count = push_module_by_name(state, bytes_at(state, 1));
  } catch (const Error& error) {
    push_error(state, error);
    count = kRaise;
  }
  if (count != kRaise) return count;
  locate_error(state);
  return lua_error(state);
}

// read_script(path) -> text, or nil and an error object
int read_script(lua_State* state) {
  try {
    const auto source = read_script_file(bytes_at(state, 1));
    Vm::of(state).note_loaded(source);
    lua_pushlstring(state, source.text.data(), source.text.size());
    return 1;
  } catch (const Error& error) {
    lua_pushnil(state);
    push_error(state, error);
    locate_error(state);
    return 2;
  }
}

// c_stack_is_short() -> boolean
int c_stack_is_short_native(lua_State* state) {
  lua_pushboolean(state, c_stack_is_short() ? 1 : 0);
  return 1;
}

// internal(name) -> what the file stdlib/opshost/NAME.lua returns, called with the natives; once a VM
int internal(lua_State* state) {
  const char* name = luaL_checkstring(state, 1);
  lua_pushfstring(state, "opshost/%s", name);
  lua_rawget(state, lua_upvalueindex(1));
  if (!lua_isnil(state, -1)) return 1;
  const auto text = embedded_text(std::string("stdlib/opshost/") + name + ".lua");
  lua_pushfstring(state, "%s %s", kInternalChunk, name);
  if (luaL_loadbuffer(state, text.data(), text.size(), lua_tostring(state, -1)) != 0) return lua_error(state);
  push_natives(state);
  lua_call(state, 1, 1);
  lua_pushfstring(state, "opshost/%s", name);
  lua_pushvalue(state, -2);
  lua_rawset(state, lua_upvalueindex(1));
  return 1;
}

}  // namespace

void push_internal(lua_State* state, const char* name) {
  push_natives(state);
  lua_getfield(state, -1, "internal");
  lua_pushstring(state, name);
  lua_call(state, 1, 1);
  lua_remove(state, -2);
}

void set_native(lua_State* state, const char* name, lua_CFunction function) {
  lua_pushcfunction(state, function);
  lua_setfield(state, -2, name);
}

std::string field_text(lua_State* state, int index, const char* field) {
  lua_getfield(state, index, field);
  std::size_t length = 0;
  const char* text = lua_type(state, -1) == LUA_TSTRING ? lua_tolstring(state, -1, &length) : "";
  std::string value(text, length);
  lua_pop(state, 1);
  return value;
}

std::string_view view_at(lua_State* state, int index) {
  std::size_t length = 0;
  const char* text = luaL_checklstring(state, index, &length);
  return {text, length};
}

std::string text_at(lua_State* state, int index) { return std::string(view_at(state, index)); }

journal::RunJournal& run_of(lua_State* state) { return *context_of(state).run; }

bool field_flag(lua_State* state, int index, const char* field) {
  lua_getfield(state, index, field);
  const bool value = lua_toboolean(state, -1) != 0;
  lua_pop(state, 1);
  return value;
}

void add_loader_natives(lua_State* state) {
  set_native(state, "load", load);
  set_native(state, "new_environment", new_environment);
  set_native(state, "find_module", find_module);
  set_native(state, "read_script", read_script);
  lua_pushboolean(state, Vm::of(state).options().unsafe_lua ? 1 : 0);
  lua_setfield(state, -2, "unsafe_lua");
  set_native(state, "c_stack_is_short", c_stack_is_short_native);
  lua_createtable(state, 0, 4);
  lua_pushcclosure(state, internal, 1);
  lua_setfield(state, -2, "internal");
}

bool load_chunk(lua_State* state, const std::string& text, const std::string& chunk_name) {
  TextReader reader{text};
  if (lua_loadx(state, next_part, &reader, chunk_name.c_str(), "t") != 0) return false;
  Vm::of(state).push_chunk_environment();
  lua_setfenv(state, -2);
  return true;
}

}  // namespace opshost::lua
