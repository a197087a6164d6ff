#include "host/lua/unknown.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "host/base/names.hpp"
#include "host/lua/callable.hpp"
#include "host/lua/error_object.hpp"
#include "host/lua/natives.hpp"
#include "host/lua/protect.hpp"
#include "host/lua/sandbox.hpp"
#include "host/lua/script_files.hpp"

namespace opshost::lua {

namespace {

char library_key;

/// Pushes what stdlib/opshost/cdata.lua returns; loaded (and ffi opened, for it alone) on first use.
void push_library(lua_State* state) {
  lua_pushlightuserdata(state, &library_key);
  lua_rawget(state, LUA_REGISTRYINDEX);
  if (!lua_isnil(state, -1)) return;
  lua_pop(state, 1);
  const auto text = embedded_text("stdlib/opshost/cdata.lua");
  if (luaL_loadbuffer(state, text.data(), text.size(), "=[opshost] cdata") != 0) lua_error(state);
  push_natives(state);
  lua_pushcfunction(state, luaopen_ffi);
  lua_pushliteral(state, "ffi");
  lua_call(state, 1, 1);
  lua_call(state, 2, 1);
  lua_pushlightuserdata(state, &library_key);
  lua_pushvalue(state, -2);
  lua_rawset(state, LUA_REGISTRYINDEX);
}

/// Calls a function of the library with the value at `index`; its two results replace nothing else. Protected, because
/// readers must not raise: false on an error.
bool ask_library(lua_State* state, const char* function, int index) {
  if (index < 0) index = lua_gettop(state) + index + 1;
  lua_pushvalue(state, index);
  const int value = lua_gettop(state);
  int count = 0;
  // protect() begins with an empty stack, so the value goes over by the registry.
  const int reference = luaL_ref(state, LUA_REGISTRYINDEX);
  const bool fine = protect(
      state,
      [function, reference](lua_State* inner) {
        push_library(inner);
        lua_getfield(inner, -1, function);
        lua_rawgeti(inner, LUA_REGISTRYINDEX, reference);
        lua_call(inner, 1, 2);
        return 2;
      },
      count);
  luaL_unref(state, LUA_REGISTRYINDEX, reference);
  if (fine && count == 2) return true;
  lua_settop(state, value - 1);
  return false;
}

/// The type of an unknown, and what it is of; nullptr for anything else.
const Type* unknown_type(lua_State* state, int index, std::string* label) {
  if (lua_type(state, index) != kLuaCdata || !ask_library(state, "unknown_label", index)) return nullptr;
  const bool unknown = lua_type(state, -2) == LUA_TSTRING;
  if (unknown && label != nullptr) *label = lua_tostring(state, -2);
  const auto* type = unknown ? static_cast<const Type*>(lua_touserdata(state, -1)) : nullptr;
  lua_pop(state, 2);
  return type;
}

void push_label(lua_State* state, const Type& type, const std::string& label) {
  push_library(state);
  lua_getfield(state, -1, "unknown");
  // Only handed back to native.unknown_field below, which reads it.
  lua_pushlightuserdata(state, const_cast<Type*>(&type));
  lua_pushlstring(state, label.data(), label.size());
  lua_call(state, 2, 1);
  lua_remove(state, -2);
}

int raise_unknown(lua_State* state, const std::string& label) {
  push_plan_unknown(state, label);
  locate_error(state);
  return kRaise;
}

/// "stdout of change 1", not "stdout of result of change 1".
std::string field_label(std::string_view name, std::string_view owner) {
  for (const std::string_view prefix : {"result of ", "answer of "}) {
    if (owner.starts_with(prefix)) owner.remove_prefix(prefix.size());
  }
  return std::string(name) + " of " + std::string(owner);
}

int push_unknown_field(lua_State* state, const Type& type, const std::string& label, const std::string& name) {
  switch (type.kind) {
    case Kind::record: {
      for (const auto& field : type.fields) {
        if (field.name != name) continue;
        if (!can_be_unknown(*field.type)) return raise_unknown(state, field_label(name, label));
        push_label(state, *field.type, field_label(name, label));
        return 1;
      }
      std::vector<std::string> names;
      for (const auto& field : type.fields) names.push_back(field.name);
      push_error(state,
                 Error("usage.unknown_name", type.name + " has no field \"" + name + "\"" + did_you_mean(name, names)));
      locate_error(state);
      return kRaise;
    }
    case Kind::handle:
      push_methods(state, *class_of(type));
      lua_getfield(state, -1, name.c_str());
      return 1;
    default:
      return raise_unknown(state, label);
  }
}

// unknown_field(type, label, key) -> the field's own unknown
int unknown_field(lua_State* state) {
  int result = 0;
  {
    const auto& type = *static_cast<const Type*>(lua_touserdata(state, 1));
    const std::string label = lua_tostring(state, 2);
    const std::string name = lua_type(state, 3) == LUA_TSTRING ? lua_tostring(state, 3) : describe_value(state, 3);
    result = push_unknown_field(state, type, label, name);
  }
  return result == kRaise ? lua_error(state) : result;
}

// stop_if_unknown(value): raises where a script iterates a plan's unknown
int stop_if_unknown(lua_State* state) {
  int result = 0;
  {
    std::string label;
    if (is_unknown(state, 1, &label)) result = raise_unknown(state, label);
  }
  return result == kRaise ? lua_error(state) : 0;
}

// is_unknown(value) -> boolean
int native_is_unknown(lua_State* state) {
  const bool unknown = is_unknown(state, 1);
  lua_pushboolean(state, unknown ? 1 : 0);
  return 1;
}

/// What Lua's `type` says of a value of this type; nullptr where that depends on the value.
const char* lua_type_name(Kind kind) {
  switch (kind) {
    case Kind::integer:
    case Kind::number:
    case Kind::duration:
    case Kind::size:
      return "number";
    case Kind::string:
    case Kind::enumeration:
      return "string";
    case Kind::list:
    case Kind::map:
    case Kind::record:
      return "table";
    case Kind::handle:
    case Kind::secret:
      return "userdata";
    case Kind::callback:
    case Kind::function:
    case Kind::stream:
      return "function";
    case Kind::nothing:
    case Kind::boolean:
    case Kind::optional:
    case Kind::any:
    case Kind::one_of:
      break;
  }
  return nullptr;
}

// type_of_unknown(value) -> what `type` will say of it in the run; nil for what is no unknown
int type_of_unknown(lua_State* state) {
  int result = 1;
  {
    std::string label;
    const Type* type = unknown_type(state, 1, &label);
    const char* name = type == nullptr ? nullptr : lua_type_name(type->kind);
    if (type == nullptr) {
      lua_pushnil(state);
    } else if (name != nullptr) {
      lua_pushstring(state, name);
    } else {
      result = raise_unknown(state, label);
    }
  }
  return result == kRaise ? lua_error(state) : result;
}

// int64(text) -> ops.int64, or nil where the text is no 64-bit integer
int int64_from_text(lua_State* state) {
  std::size_t length = 0;
  const char* text = luaL_checklstring(state, 1, &length);
  char* end = nullptr;
  errno = 0;
  const bool negative = text[0] == '-';
  const bool digits_only = length > (negative ? 1U : 0U) && std::all_of(text + (negative ? 1 : 0), text + length,
                                                                        [](char c) { return c >= '0' && c <= '9'; });
  const auto bits = negative ? static_cast<std::uint64_t>(std::strtoll(text, &end, 10)) : std::strtoull(text, &end, 10);
  if (!digits_only || errno == ERANGE) {
    lua_pushnil(state);
  } else {
    push_int64(state, !negative && bits > static_cast<std::uint64_t>(INT64_MAX), bits);
  }
  return 1;
}

}  // namespace

void push_unknown(lua_State* state, const Type& type, const std::string& label) {
  if (type.kind == Kind::nothing) return lua_pushnil(state);
  push_label(state, type, label);
}

bool can_be_unknown(const Type& type) { return type.kind != Kind::boolean && type.kind != Kind::optional; }

void push_plan_unknown(lua_State* state, const std::string& label) {
  push_stop(state, Error("plan.unknown", label + " is not known before the run"), 0);
}

bool is_unknown(lua_State* state, int index, std::string* label) {
  return unknown_type(state, index, label) != nullptr;
}

bool to_int64(lua_State* state, int index, bool& is_unsigned, std::uint64_t& bits) {
  if (lua_type(state, index) != kLuaCdata || !ask_library(state, "int64_digits", index)) return false;
  const bool known = lua_type(state, -2) == LUA_TSTRING;
  if (known) {
    is_unsigned = lua_toboolean(state, -1) != 0;
    const char* digits = lua_tostring(state, -2);
    bits = is_unsigned ? std::strtoull(digits, nullptr, 10)
                       : static_cast<std::uint64_t>(std::strtoll(digits, nullptr, 10));
  }
  lua_pop(state, 2);
  return known;
}

void push_int64(lua_State* state, bool is_unsigned, std::uint64_t bits) {
  push_library(state);
  lua_getfield(state, -1, "int64_from_digits");
  const std::string digits = is_unsigned ? std::to_string(bits) : std::to_string(static_cast<std::int64_t>(bits));
  lua_pushlstring(state, digits.data(), digits.size());
  lua_pushboolean(state, is_unsigned ? 1 : 0);
  lua_call(state, 2, 1);
  lua_remove(state, -2);
}

void add_unknown_natives(lua_State* state) {
  set_native(state, "unknown_field", unknown_field);
  set_native(state, "stop_if_unknown", stop_if_unknown);
  set_native(state, "is_unknown", native_is_unknown);
  set_native(state, "type_of_unknown", type_of_unknown);
  set_native(state, "int64", int64_from_text);
}

}  // namespace opshost::lua
