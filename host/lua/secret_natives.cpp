// What stdlib makes secrets with and blanks them by.
#include "host/base/secret.hpp"
#include "host/base/secret_patterns.hpp"
#include "host/lua/convert.hpp"
#include "host/lua/error_object.hpp"
#include "host/lua/natives.hpp"
#include "host/lua/secret_sources.hpp"

namespace opshost::lua {

namespace {

/// False: the error is pushed instead.
bool push_new_secret(lua_State* state) {
  try {
    push(state, make_secret(text_at(state, 1), text_at(state, 2)));
    return true;
  } catch (const Error& error) {
    push_error(state, error);
    return false;
  }
}

// new_secret(value, origin) -> secret
int new_secret(lua_State* state) {
  if (push_new_secret(state)) return 1;
  locate_error(state);
  return lua_error(state);
}

// redact(text) -> the text with *** for what is secret in it
int native_redact(lua_State* state) {
  const std::string safe = redact(view_at(state, 1));
  lua_pushlstring(state, safe.data(), safe.size());
  return 1;
}

// is_secret_name(name) -> boolean
int native_is_secret_name(lua_State* state) {
  lua_pushboolean(state, is_secret_name(view_at(state, 1)) ? 1 : 0);
  return 1;
}

// is_secret_field(name, value) -> whether a field of that name holds a secret: a text or number that is no reference
int native_is_secret_field(lua_State* state) {
  return native_body(state, [state] {
    lua_pushboolean(state, is_secret_field(view_at(state, 1), value_from_lua(state, 2)) ? 1 : 0);
    return 1;
  });
}

}  // namespace

void add_secret_natives(lua_State* state) {
  set_native(state, "new_secret", new_secret);
  set_native(state, "redact", native_redact);
  set_native(state, "is_secret_name", native_is_secret_name);
  set_native(state, "is_secret_field", native_is_secret_field);
}

}  // namespace opshost::lua
