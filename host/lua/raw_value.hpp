#pragma once
// A parameter that a function reads from Lua's stack itself: a whole document, too big to go through a Value.
#include "host/lua/callable.hpp"

namespace opshost::lua {

/// Valid until the call that got it returns.
struct RawValue {
  lua_State* state = nullptr;
  int index = 0;
};

template <>
struct Convert<RawValue> {
  static bool read(lua_State* state, int index, RawValue& out, Mismatch&) {
    out = {.state = state, .index = index};
    return true;
  }
};

/// The same for a string: its bytes are not copied.
struct RawString {
  lua_State* state = nullptr;
  std::string_view text;
};

template <>
struct Convert<RawString> {
  static bool read(lua_State* state, int index, RawString& out, Mismatch& mismatch) {
    if (lua_type(state, index) != LUA_TSTRING) return wrong_type(state, index, "string", mismatch);
    std::size_t length = 0;
    const char* text = lua_tolstring(state, index, &length);
    out = {.state = state, .text = {text, length}};
    return true;
  }
};

/// A result the function left on top of Lua's stack itself.
struct OnStack {};

template <>
struct Convert<OnStack> {
  static void push(lua_State*, OnStack) {}
};

}  // namespace opshost::lua

namespace opshost {
template <>
struct TypeOf<lua::RawValue> {
  static const Type& get() { return detail::plain_type(Kind::any); }
};
template <>
struct TypeOf<lua::RawString> {
  static const Type& get() { return detail::plain_type(Kind::string); }
};
template <>
struct TypeOf<lua::OnStack> {
  static const Type& get() { return detail::plain_type(Kind::any); }
};
}  // namespace opshost
