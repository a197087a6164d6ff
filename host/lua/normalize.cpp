#include "host/lua/normalize.hpp"

#include <algorithm>

#include "host/lua/handle.hpp"

namespace opshost::lua {

namespace {

std::string_view string_at(lua_State* state, int index) {
  std::size_t length = 0;
  const char* text = lua_tolstring(state, index, &length);
  return {text, length};
}

bool push_if_type(lua_State* state, int index, int wanted, const char* expected, Mismatch& mismatch) {
  if (lua_type(state, index) != wanted) return wrong_type(state, index, expected, mismatch);
  lua_pushvalue(state, index);
  return true;
}

/// Reads it with the converter of T, pushes what that pushes.
template <class T>
bool push_through(lua_State* state, int index, Mismatch& mismatch) {
  T value{};
  if (!Convert<T>::read(state, index, value, mismatch)) return false;
  Convert<T>::push(state, value);
  return true;
}

bool push_list(lua_State* state, int index, const Type& type, Mismatch& mismatch) {
  if (!expect_table(state, index, type, mismatch)) return false;
  const auto count = static_cast<int>(lua_objlen(state, index));
  lua_createtable(state, count, 0);
  for (int i = 1; i <= count; ++i) {
    lua_rawgeti(state, index, i);
    const int element = lua_gettop(state);
    if (!push_normalized(state, element, *type.element, mismatch)) {
      mismatch.enter("[" + std::to_string(i) + "]");
      lua_settop(state, element - 2);
      return false;
    }
    lua_rawseti(state, element - 1, i);
    lua_settop(state, element - 1);
  }
  return true;
}

bool push_map(lua_State* state, int index, const Type& type, Mismatch& mismatch) {
  if (!expect_table(state, index, type, mismatch)) return false;
  lua_createtable(state, 0, 0);
  const int result = lua_gettop(state);
  for (lua_pushnil(state); lua_next(state, index) != 0; lua_settop(state, result + 1)) {
    const bool named = lua_type(state, result + 1) == LUA_TSTRING;
    if (!named) mismatch.problem = "expected string keys, got the key " + describe_value(state, result + 1);
    if (!named || !push_normalized(state, result + 2, *type.element, mismatch)) {
      if (named) mismatch.enter_key(string_at(state, result + 1));
      lua_settop(state, result - 1);
      return false;
    }
    lua_pushvalue(state, result + 1);
    lua_insert(state, -2);
    lua_rawset(state, result);
  }
  return true;
}

bool has_only_known_fields(lua_State* state, int index, const Type& type, Mismatch& mismatch) {
  for (lua_pushnil(state); lua_next(state, index) != 0; lua_pop(state, 1)) {
    const int key = lua_gettop(state) - 1;
    const bool known = lua_type(state, key) == LUA_TSTRING &&
                       std::any_of(type.fields.begin(), type.fields.end(),
                                   [&](const Field& field) { return field.name == string_at(state, key); });
    if (known) continue;
    complain_unknown_field(state, key, type, mismatch);
    lua_pop(state, 2);
    return false;
  }
  return true;
}

/// The field's value as given, or its default, on top of the stack.
void push_field(lua_State* state, int index, const Field& field) {
  if (index == 0) {
    lua_pushnil(state);
  } else {
    lua_pushlstring(state, field.name.data(), field.name.size());
    lua_rawget(state, index);
  }
  if (!lua_isnil(state, -1)) return;
  lua_pop(state, 1);
  push_value(state, field.default_value);
}

bool push_record(lua_State* state, int index, const Type& type, Mismatch& mismatch) {
  const bool absent = lua_isnoneornil(state, index);
  if (!absent &&
      (!expect_table(state, index, type, mismatch) || !has_only_known_fields(state, index, type, mismatch))) {
    return false;
  }
  if (!has_required_fields(state, absent ? 0 : index, type, mismatch)) return false;
  lua_createtable(state, 0, static_cast<int>(type.fields.size()));
  const int result = lua_gettop(state);
  for (const auto& field : type.fields) {
    push_field(state, absent ? 0 : index, field);
    if (lua_isnil(state, -1)) {
      lua_settop(state, result);
      continue;
    }
    lua_pushlstring(state, field.name.data(), field.name.size());
    if (!push_normalized(state, result + 1, *field.type, mismatch)) {
      mismatch.enter(field.name);
      lua_settop(state, result - 1);
      return false;
    }
    lua_rawset(state, result);
    lua_settop(state, result);
  }
  return true;
}

bool push_choice(lua_State* state, int index, const Type& type, Mismatch& mismatch) {
  if (lua_type(state, index) == LUA_TSTRING) {
    std::size_t length = 0;
    const char* text = lua_tolstring(state, index, &length);
    if (std::find(type.choices.begin(), type.choices.end(), std::string_view(text, length)) != type.choices.end()) {
      lua_pushvalue(state, index);
      return true;
    }
  }
  std::string expected;
  for (const auto& choice : type.choices) expected += (expected.empty() ? "\"" : " or \"") + choice + '"';
  return wrong_type(state, index, std::move(expected), mismatch);
}

bool push_one_of(lua_State* state, int index, const Type& type, Mismatch& mismatch) {
  if (&type == &type_of<Command>()) {
    Command command;
    if (!read_command(state, index, command, mismatch)) return false;
    lua_pushvalue(state, index);
    return true;
  }
  Mismatch ignored;
  for (const auto* alternative : type.alternatives) {
    if (push_normalized(state, index, *alternative, ignored)) return true;
  }
  return wrong_type(state, index, type.name, mismatch);
}

}  // namespace

bool push_normalized(lua_State* state, int index, const Type& type, Mismatch& mismatch) {
  luaL_checkstack(state, 8, "argument nested too deeply");
  switch (type.kind) {
    case Kind::nothing:
    case Kind::any:
      lua_pushvalue(state, index);
      return true;
    case Kind::boolean:
      return push_if_type(state, index, LUA_TBOOLEAN, "boolean", mismatch);
    case Kind::integer:
      return push_through<std::int64_t>(state, index, mismatch);
    case Kind::number:
      return push_if_type(state, index, LUA_TNUMBER, "number", mismatch);
    case Kind::string:
      return push_if_type(state, index, LUA_TSTRING, "string", mismatch);
    case Kind::duration:
      return push_through<Duration>(state, index, mismatch);
    case Kind::size:
      return push_through<Size>(state, index, mismatch);
    case Kind::secret:
      return push_through<Secret>(state, index, mismatch);
    case Kind::enumeration:
      return push_choice(state, index, type, mismatch);
    case Kind::optional:
      if (!lua_isnoneornil(state, index)) return push_normalized(state, index, *type.element, mismatch);
      if (type.element->kind == Kind::record) return push_record(state, index, *type.element, mismatch);
      lua_pushnil(state);
      return true;
    case Kind::list:
      return push_list(state, index, type, mismatch);
    case Kind::map:
      return push_map(state, index, type, mismatch);
    case Kind::record:
      return push_record(state, index, type, mismatch);
    case Kind::handle:
      if (read_handle(state, index, *class_of(type), mismatch) == nullptr) return false;
      lua_pushvalue(state, index);
      return true;
    case Kind::callback:
    case Kind::function:
    case Kind::stream:
      return push_if_type(state, index, LUA_TFUNCTION, "function", mismatch);
    case Kind::one_of:
      return push_one_of(state, index, type, mismatch);
  }
  return wrong_type(state, index, type.name, mismatch);
}

}  // namespace opshost::lua
