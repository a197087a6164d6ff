#pragma once
// Lua values to C++ values and back, for every type a declaration may use.
//
// Reading never raises and never allocates in Lua: a wrong value fills a Mismatch, which each container on the way out
// prefixes with its field or index. Pushing may raise "not enough memory": call it in a protected call (protect.hpp).
#include <cmath>
#include <lua.hpp>

#include "host/base/command.hpp"
#include "host/fiber/callback.hpp"
#include "host/lua/record.hpp"

namespace opshost::lua {

/// What is wrong with one argument.
struct Mismatch {
  std::string path;           ///< within the argument: "env.PATH", "[3].name"; empty for the argument itself
  std::string expected;       ///< "duration (\"30s\" or seconds)"
  std::string got;            ///< "boolean true"
  std::string problem;        ///< set instead of expected/got: "unknown field \"timout\"; did you mean \"timeout\"?"
  bool plan_unknown = false;  ///< the value is one a plan cannot know yet; `got` says what it is of

  /// Puts a field name or "[index]" before the path.
  void enter(std::string_view segment);
  /// The key of a map: any bytes, escaped where they are no name.
  void enter_key(std::string_view key);
};

/// The value at `index` for a message: `string "abc"`, `number 5`, `nil`, `table`, `Container`.
std::string describe_value(lua_State* state, int index);

/// Any Lua value as data: tables become lists or maps, ops.null a null, handles, functions and secrets what a person
/// may see of them. Cycles, depth beyond 64 and more than a million values are cut with a marker.
Value value_from_lua(lua_State* state, int index);
/// The reverse; Opaque becomes its text, a null within a list or map ops.null. May raise (memory).
void push_value(lua_State* state, const Value& value);

// Scalars, out of line. `index` is absolute in all of these.
bool read_boolean(lua_State* state, int index, bool& out, Mismatch& mismatch);
bool read_integer(lua_State* state, int index, std::int64_t low, std::int64_t high, std::int64_t& out,
                  Mismatch& mismatch);
bool read_unsigned(lua_State* state, int index, std::uint64_t high, std::uint64_t& out, Mismatch& mismatch);
bool read_number(lua_State* state, int index, double& out, Mismatch& mismatch);
bool read_string(lua_State* state, int index, std::string& out, Mismatch& mismatch);
bool read_duration(lua_State* state, int index, Duration& out, Mismatch& mismatch);
bool read_size(lua_State* state, int index, Size& out, Mismatch& mismatch);
/// The same as value_from_lua, but what would be cut is refused.
bool read_any(lua_State* state, int index, Any& out, Mismatch& mismatch);
bool read_secret(lua_State* state, int index, Secret& out, Mismatch& mismatch);
bool read_command(lua_State* state, int index, Command& out, Mismatch& mismatch);
bool read_function(lua_State* state, int index, int& reference, std::shared_ptr<void>& release, Mismatch& mismatch);
bool expect_table(lua_State* state, int index, const Type& type, Mismatch& mismatch);
/// The table has `count` elements and then the key at `key_index`, which no list has.
void complain_no_list(lua_State* state, int key_index, std::size_t count, const Type& list, Mismatch& mismatch);
/// Fills `mismatch` for a value of the wrong type; a plan's unknown is marked as such. Always false.
bool wrong_type(lua_State* state, int index, std::string expected, Mismatch& mismatch);

void push_integer(lua_State* state, std::int64_t value);
void push_unsigned(lua_State* state, std::uint64_t value);
void push_secret(lua_State* state, const Secret& value);

template <class T, class Enable = void>
struct Convert;

template <class T>
bool read(lua_State* state, int index, T& out, Mismatch& mismatch) {
  return Convert<T>::read(state, index, out, mismatch);
}
template <class T>
void push(lua_State* state, const T& value) {
  Convert<T>::push(state, value);
}

// NOLINTBEGIN(bugprone-macro-parentheses): a type takes none
#define OPSHOST_CONVERT_SCALAR(TYPE, READ, PUSH)                                   \
  template <>                                                                      \
  struct Convert<TYPE> {                                                           \
    static bool read(lua_State* state, int index, TYPE& out, Mismatch& mismatch) { \
      return READ(state, index, out, mismatch);                                    \
    }                                                                              \
    static void push(lua_State* state, const TYPE& value) { PUSH; }                \
  };
OPSHOST_CONVERT_SCALAR(bool, read_boolean, lua_pushboolean(state, value ? 1 : 0))
OPSHOST_CONVERT_SCALAR(double, read_number, lua_pushnumber(state, value))
OPSHOST_CONVERT_SCALAR(std::string, read_string, lua_pushlstring(state, value.data(), value.size()))
OPSHOST_CONVERT_SCALAR(Duration, read_duration, lua_pushnumber(state, std::chrono::duration<double>(value).count()))
OPSHOST_CONVERT_SCALAR(Size, read_size, push_unsigned(state, value.bytes))
OPSHOST_CONVERT_SCALAR(Secret, read_secret, push_secret(state, value))
#undef OPSHOST_CONVERT_SCALAR
// NOLINTEND(bugprone-macro-parentheses)

template <>
struct Convert<Command> {
  static bool read(lua_State* state, int index, Command& out, Mismatch& mismatch) {
    return read_command(state, index, out, mismatch);
  }
};

/// The first alternative that fits; the mismatch names them all.
template <class... T>
struct Convert<std::variant<T...>> {
  static bool read(lua_State* state, int index, std::variant<T...>& out, Mismatch& mismatch) {
    Mismatch ignored;
    if ((try_one<T>(state, index, out, ignored) || ...)) return true;
    return wrong_type(state, index, type_of<std::variant<T...>>().name, mismatch);
  }
  static void push(lua_State* state, const std::variant<T...>& value) {
    std::visit([state](const auto& held) { lua::push(state, held); }, value);
  }

 private:
  template <class One>
  static bool try_one(lua_State* state, int index, std::variant<T...>& out, Mismatch& mismatch) {
    One one{};
    if (!Convert<One>::read(state, index, one, mismatch)) return false;
    out = std::move(one);
    return true;
  }
};

template <>
struct Convert<Any> {
  static bool read(lua_State* state, int index, Any& out, Mismatch& mismatch) {
    return read_any(state, index, out, mismatch);
  }
  static void push(lua_State* state, const Any& value) { push_value(state, value); }
};

template <class T>
struct Convert<T, std::enable_if_t<std::is_integral_v<T> && !std::is_same_v<T, bool>>> {
  static bool read(lua_State* state, int index, T& out, Mismatch& mismatch) {
    if constexpr (std::is_signed_v<T>) {
      std::int64_t wide = 0;
      if (!read_integer(state, index, std::numeric_limits<T>::min(), std::numeric_limits<T>::max(), wide, mismatch))
        return false;
      out = static_cast<T>(wide);
    } else {
      std::uint64_t wide = 0;
      if (!read_unsigned(state, index, std::numeric_limits<T>::max(), wide, mismatch)) return false;
      out = static_cast<T>(wide);
    }
    return true;
  }
  static void push(lua_State* state, T value) {
    if constexpr (sizeof(T) < 8) {
      lua_pushnumber(state, static_cast<lua_Number>(value));
    } else if constexpr (std::is_signed_v<T>) {
      push_integer(state, value);
    } else {
      push_unsigned(state, value);
    }
  }
};

template <class T>
struct Convert<std::optional<T>> {
  static bool read(lua_State* state, int index, std::optional<T>& out, Mismatch& mismatch) {
    if (lua_isnoneornil(state, index)) {
      out.reset();
      return true;
    }
    return Convert<T>::read(state, index, out.emplace(), mismatch);
  }
  static void push(lua_State* state, const std::optional<T>& value) {
    value ? Convert<T>::push(state, *value) : lua_pushnil(state);
  }
};

template <class T>
struct Convert<std::vector<T>> {
  static bool read(lua_State* state, int index, std::vector<T>& out, Mismatch& mismatch) {
    if (!expect_table(state, index, type_of<std::vector<T>>(), mismatch)) return false;
    const auto count = lua_objlen(state, index);
    out.clear();
    out.reserve(count);
    for (std::size_t i = 1; i <= count; ++i) {
      lua_rawgeti(state, index, static_cast<int>(i));
      T element{};
      const bool fine = Convert<T>::read(state, lua_gettop(state), element, mismatch);
      lua_pop(state, 1);
      if (!fine) {
        mismatch.enter("[" + std::to_string(i) + "]");
        return false;
      }
      out.push_back(std::move(element));
    }
    return no_other_keys(state, index, count, mismatch);
  }
  static void push(lua_State* state, const std::vector<T>& values) {
    luaL_checkstack(state, 4, "result nested too deeply");
    lua_createtable(state, static_cast<int>(values.size()), 0);
    int i = 0;
    for (const auto& value : values) {
      Convert<T>::push(state, value);
      lua_rawseti(state, -2, ++i);
    }
  }

 private:
  static bool no_other_keys(lua_State* state, int index, std::size_t count, Mismatch& mismatch) {
    for (lua_pushnil(state); lua_next(state, index) != 0; lua_pop(state, 1)) {
      const double key = lua_type(state, -2) == LUA_TNUMBER ? lua_tonumber(state, -2) : 0;
      if (key >= 1 && key <= static_cast<double>(count) && std::floor(key) == key) continue;
      complain_no_list(state, lua_gettop(state) - 1, count, type_of<std::vector<T>>(), mismatch);
      lua_pop(state, 2);
      return false;
    }
    return true;
  }
};

template <class T>
struct Convert<std::map<std::string, T>> {
  static bool read(lua_State* state, int index, std::map<std::string, T>& out, Mismatch& mismatch) {
    if (!expect_table(state, index, type_of<std::map<std::string, T>>(), mismatch)) return false;
    out.clear();
    for (lua_pushnil(state); lua_next(state, index) != 0; lua_pop(state, 1)) {
      const int top = lua_gettop(state);
      if (lua_type(state, top - 1) != LUA_TSTRING) {
        mismatch.problem = "expected string keys, got the key " + describe_value(state, top - 1);
        lua_pop(state, 2);
        return false;
      }
      std::size_t length = 0;
      const char* key = lua_tolstring(state, top - 1, &length);
      if (!Convert<T>::read(state, top, out[std::string(key, length)], mismatch)) {
        mismatch.enter_key(std::string_view(key, length));
        lua_pop(state, 2);
        return false;
      }
    }
    return true;
  }
  static void push(lua_State* state, const std::map<std::string, T>& values) {
    luaL_checkstack(state, 4, "result nested too deeply");
    lua_createtable(state, 0, static_cast<int>(values.size()));
    for (const auto& [key, value] : values) {
      lua_pushlstring(state, key.data(), key.size());
      Convert<T>::push(state, value);
      lua_rawset(state, -3);
    }
  }
};

template <class... Args>
struct Convert<Callback<Args...>> {
  static bool read(lua_State* state, int index, Callback<Args...>& out, Mismatch& mismatch) {
    int reference = 0;
    std::shared_ptr<void> release;
    if (!read_function(state, index, reference, release, mismatch)) return false;
    out = Callback<Args...>(reference, std::move(release));
    return true;
  }
};

/// "unknown field ..." with the nearest of the record's fields.
void complain_unknown_field(lua_State* state, int key_index, const Type& record, Mismatch& mismatch);
/// The first required field absent from the table; false and a mismatch, or true.
bool has_required_fields(lua_State* state, int index, const Type& record, Mismatch& mismatch);

template <class T>
struct Convert<T, std::enable_if_t<Record<T>>> {
  static bool read(lua_State* state, int index, T& out, Mismatch& mismatch) {
    const Type& type = type_of<T>();
    if (lua_isnoneornil(state, index)) return has_required_fields(state, 0, type, mismatch);
    if (!expect_table(state, index, type, mismatch)) return false;
    for (lua_pushnil(state); lua_next(state, index) != 0; lua_pop(state, 1)) {
      if (!read_field(state, lua_gettop(state), out, mismatch)) {
        lua_pop(state, 2);
        return false;
      }
    }
    return has_required_fields(state, index, type, mismatch);
  }
  static void push(lua_State* state, const T& record) {
    luaL_checkstack(state, 4, "result nested too deeply");
    lua_createtable(state, 0, static_cast<int>(type_of<T>().fields.size()));
    opshost_record_fields(&record, [&]<class F>(const char* name, F T::* member, const auto&...) {
      if constexpr (requires { Convert<F>::push(state, record.*member); }) {
        lua_pushstring(state, name);
        Convert<F>::push(state, record.*member);
        lua_rawset(state, -3);
      }
    });
  }

 private:
  // The table's pair is at top-1, top.
  static bool read_field(lua_State* state, int top, T& out, Mismatch& mismatch) {
    bool known = false;
    bool fine = true;
    if (lua_type(state, top - 1) == LUA_TSTRING) {
      std::size_t length = 0;
      const char* text = lua_tolstring(state, top - 1, &length);
      const std::string_view key(text, length);
      opshost_record_fields(&out, [&]<class F>(const char* name, F T::* member, const auto&...) {
        if (known || key != name) return;
        known = true;
        fine = Convert<F>::read(state, top, out.*member, mismatch);
        if (!fine) mismatch.enter(name);
      });
    }
    if (!known) complain_unknown_field(state, top - 1, type_of<T>(), mismatch);
    return known && fine;
  }
};

template <class T>
struct Convert<T, std::enable_if_t<Enumeration<T>>> {
  static bool read(lua_State* state, int index, T& out, Mismatch& mismatch) {
    bool known = false;
    if (lua_type(state, index) == LUA_TSTRING) {
      std::size_t length = 0;
      const char* text = lua_tolstring(state, index, &length);
      const std::string_view given(text, length);
      opshost_enum_choices(&out, [&](T choice, const char* name) {
        if (given == name) {
          out = choice;
          known = true;
        }
      });
    }
    if (known) return true;
    std::string expected;
    for (const auto& choice : type_of<T>().choices) expected += (expected.empty() ? "\"" : " or \"") + choice + '"';
    return wrong_type(state, index, std::move(expected), mismatch);
  }
  static void push(lua_State* state, T value) {
    const char* text = "";
    opshost_enum_choices(&value, [&](T choice, const char* name) {
      if (choice == value) text = name;
    });
    lua_pushstring(state, text);
  }
};

}  // namespace opshost::lua

namespace opshost {
template <>
struct TypeOf<Command> {
  static const Type& get() {
    static const Type type{.kind = Kind::one_of,
                           .name = "string[]|ShellLine",
                           .doc = "a program and its arguments, or ops.shell \"a | b\"",
                           .alternatives = {&type_of<std::vector<std::string>>()}};
    return type;
  }
};
template <class... Args>
struct TypeOf<Callback<Args...>> {
  static const Type& get() {
    static const Type type{.kind = Kind::callback, .name = signature()};
    return type;
  }

 private:
  static std::string signature() {
    std::string text;
    ((text += (text.empty() ? "" : ", ") + type_of<Args>().name), ...);
    return "fun(" + text + ")";
  }
};
}  // namespace opshost
