#pragma once
// Records as data, by the same declarations as everywhere: what goes into an error's detail.
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "host/lua/record.hpp"

namespace opshost {

template <class T>
Value value_of(const std::optional<T>& value);
template <class T>
Value value_of(const std::vector<T>& values);
template <class T>
Value value_of(const std::map<std::string, T>& values);

/// The value as a script will see it: durations in seconds, sizes in bytes, secrets hidden, absent fields left out.
template <class T>
Value value_of(const T& value) {
  if constexpr (std::is_same_v<T, Value> || std::is_same_v<T, bool> || std::is_same_v<T, double> ||
                std::is_same_v<T, std::string>) {
    return value;
  } else if constexpr (std::is_same_v<T, Duration>) {
    return std::chrono::duration<double>(value).count();
  } else if constexpr (std::is_same_v<T, Size>) {
    return value.bytes;
  } else if constexpr (std::is_same_v<T, Secret>) {
    return Opaque{"***"};
  } else if constexpr (std::is_unsigned_v<T>) {
    return static_cast<std::uint64_t>(value);
  } else if constexpr (std::is_integral_v<T>) {
    return static_cast<std::int64_t>(value);
  } else if constexpr (Enumeration<T>) {
    Value name;
    opshost_enum_choices(&value, [&](T choice, const char* text) {
      if (choice == value) name = text;
    });
    return name;
  } else {
    static_assert(Record<T>, "value_of: not a type a declaration may use");
    ValueMap fields;
    opshost_record_fields(&value, [&]<class F>(const char* name, F T::* member, const auto&...) {
      Value field = value_of(value.*member);
      if (!field.is_null()) fields.emplace_back(name, std::move(field));
    });
    return fields;
  }
}

template <class T>
Value value_of(const std::optional<T>& value) {
  return value ? value_of(*value) : Value();
}

template <class T>
Value value_of(const std::vector<T>& values) {
  ValueList list;
  list.reserve(values.size());
  for (const T& value : values) list.push_back(value_of(value));
  return list;
}

template <class T>
Value value_of(const std::map<std::string, T>& values) {
  ValueMap map;
  for (const auto& [name, value] : values) map.emplace_back(name, value_of(value));
  return map;
}

}  // namespace opshost
