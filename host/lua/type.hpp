#pragma once
// Types as data: what help, editor stubs, the reference, argument errors and typed unknowns are made from.
// A C++ type gets its description from TypeOf<T>; Lua's own declarations (stdlib) build the same structure.
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "host/base/secret.hpp"
#include "host/base/size.hpp"
#include "host/base/time.hpp"
#include "host/base/value.hpp"

namespace opshost {

enum class Kind : std::uint8_t {
  nothing,  ///< no value: a call that returns nothing
  any,      ///< whatever the script has; passed through untouched
  boolean,
  integer,  ///< 64 bits; beyond 2^53 Lua sees ops.int64
  number,
  string,  ///< bytes, NUL included
  duration,
  size,
  enumeration,  ///< one of `choices`
  optional,     ///< `element` or nil
  list,         ///< array of `element`
  map,          ///< string -> `element`
  record,       ///< table with `fields`; an unknown field is an error
  handle,       ///< a connection or object of a binding
  secret,
  callback,  ///< a Lua function the call runs in the caller's fiber
  function,  ///< a Lua function the called one keeps
  stream,    ///< an iterator of `element`
  one_of,    ///< any of `alternatives`: a command is a list of strings or a shell line
};

struct Type;

struct Field {
  std::string name{};
  std::string doc{};
  const Type* type = nullptr;
  bool required = false;
  std::string default_text{};  ///< as Lua writes it; empty: nil
  Value default_value{};       ///< the same as data; only for records declared in Lua, which have no C++ default
};

/// Immutable once published; lives as long as the process.
struct Type {
  Kind kind = Kind::any;
  std::string name{};  ///< as a person reads it: "string", "duration", "Container", "string[]", "StopOptions"
  std::string doc{};   ///< records, handles and enumerations
  const Type* element = nullptr;
  std::vector<Field> fields{};
  std::vector<std::string> choices{};
  std::vector<const Type*> alternatives{};
  std::string module{};  ///< records, handles and enumerations: the binding that declares it
};

/// A parameter or field that may be anything a script has, kept as data.
using Any = Value;

template <class T, class Enable = void>
struct TypeOf;  // specialised below, in record.hpp (records, enums) and module.hpp (handles, callbacks, streams)

template <class T>
const Type& type_of() {
  return TypeOf<std::remove_cvref_t<T>>::get();
}

namespace detail {
/// The description of a type that needs nothing but its kind and name.
const Type& plain_type(Kind kind);
/// "integer" with its range where it is narrower than 64 bits.
const Type& list_type(const Type& element);
const Type& map_type(const Type& element);
const Type& optional_type(const Type& element);
/// `element`, a handle's type, has got its name: types composed of it before have it in theirs now.
void rename_composed_of(const Type& element);
const Type& stream_type(const Type& element);
}  // namespace detail

template <>
struct TypeOf<void> {
  static const Type& get() { return detail::plain_type(Kind::nothing); }
};
template <>
struct TypeOf<Any> {
  static const Type& get() { return detail::plain_type(Kind::any); }
};
template <>
struct TypeOf<bool> {
  static const Type& get() { return detail::plain_type(Kind::boolean); }
};
template <class T>
struct TypeOf<T, std::enable_if_t<std::is_integral_v<T> && !std::is_same_v<T, bool>>> {
  static const Type& get() { return detail::plain_type(Kind::integer); }
};
template <>
struct TypeOf<double> {
  static const Type& get() { return detail::plain_type(Kind::number); }
};
template <>
struct TypeOf<std::string> {
  static const Type& get() { return detail::plain_type(Kind::string); }
};
template <>
struct TypeOf<Duration> {
  static const Type& get() { return detail::plain_type(Kind::duration); }
};
template <>
struct TypeOf<Size> {
  static const Type& get() { return detail::plain_type(Kind::size); }
};
template <>
struct TypeOf<Secret> {
  static const Type& get() { return detail::plain_type(Kind::secret); }
};
template <class T>
struct TypeOf<std::optional<T>> {
  static const Type& get() { return detail::optional_type(type_of<T>()); }
};
template <class T>
struct TypeOf<std::vector<T>> {
  static const Type& get() { return detail::list_type(type_of<T>()); }
};
template <class T>
struct TypeOf<std::map<std::string, T>> {
  static const Type& get() { return detail::map_type(type_of<T>()); }
};
/// Any of several: a list of exit codes, or "any".
template <class... T>
struct TypeOf<std::variant<T...>> {
  static const Type& get() {
    static const Type type = make();
    return type;
  }

 private:
  static Type make() {
    Type type{.kind = Kind::one_of, .alternatives = {&type_of<T>()...}};
    for (const Type* alternative : type.alternatives) {
      if (!type.name.empty()) type.name += '|';
      type.name += alternative->name;
    }
    return type;
  }
};

}  // namespace opshost
