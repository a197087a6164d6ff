#pragma once
// JSON to C++ by the declarations there are: a server's answer becomes an OPSHOST_RECORD.
//
//   auto version = json::read<EngineVersion>(body);
//   auto containers = json::read<std::vector<ContainerSummary>>(body);
//   Value document = json::read<Value>(body);
//
// Fields nobody declared are passed over, absent ones keep their default unless `required`, null is like absent.
// Durations are seconds or "30s", sizes bytes or "1GiB". A Value keeps a list's nulls and drops an object's.
#include <concepts>
#include <limits>
#include <map>
#include <optional>
#include <vector>

#include "host/json/shape.hpp"
#include "host/lua/record.hpp"

namespace opshost::json {

template <class T>
const Shape& shape_of();

/// Throws Error (document_error.hpp); `file` names the text in it.
template <class T>
T read(std::string_view text, const std::string& file = {}) {
  T result{};
  read_json_into({.target = &result, .shape = &shape_of<T>()}, text, file);
  return result;
}

namespace detail {

template <class T>
std::string expected_text() {
  return type_of<T>().name;
}

// Scalars. Each returns false for what it does not take; null was dealt with before.
bool take(bool& target, const Scalar& value);
bool take(double& target, const Scalar& value);
bool take(std::string& target, const Scalar& value);
bool take(Duration& target, const Scalar& value);
bool take(Size& target, const Scalar& value);
bool take(Value& target, const Scalar& value);
bool take_signed(std::int64_t& target, const Scalar& value, std::int64_t low, std::int64_t high);
bool take_unsigned(std::uint64_t& target, const Scalar& value, std::uint64_t high);

template <class T>
  requires(std::integral<T> && !std::same_as<T, bool>)
bool take(T& target, const Scalar& value) {
  if constexpr (std::is_signed_v<T>) {
    std::int64_t wide = 0;
    if (!take_signed(wide, value, std::numeric_limits<T>::min(), std::numeric_limits<T>::max())) return false;
    target = static_cast<T>(wide);
  } else {
    std::uint64_t wide = 0;
    if (!take_unsigned(wide, value, std::numeric_limits<T>::max())) return false;
    target = static_cast<T>(wide);
  }
  return true;
}

template <Enumeration T>
bool take(T& target, const Scalar& value) {
  const auto* text = std::get_if<std::string_view>(&value);
  bool known = false;
  opshost_enum_choices(&target, [&](T choice, const char* name) {
    if (text == nullptr || known || *text != name) return;
    target = choice;
    known = true;
  });
  return known;
}

/// Null leaves what is there.
template <class T>
bool take_or_keep(void* target, const Scalar& value) {
  return std::holds_alternative<std::monostate>(value) || take(*static_cast<T*>(target), value);
}

template <class T>
struct ShapeOf {
  static constexpr Shape shape{.expected = expected_text<T>, .scalar = take_or_keep<T>};
};

/// The whole tree below it.
Slot value_element(void* target);
Slot value_field(void* target, std::string_view name);
void value_begin_list(void* target);
void value_begin_object(void* target);
template <>
struct ShapeOf<Value> {
  static constexpr Shape shape{
      .expected = expected_text<Value>,
      .scalar = [](void* target, const Scalar& value) { return take(*static_cast<Value*>(target), value); },
      .begin_list = value_begin_list,
      .element = value_element,
      .begin_object = value_begin_object,
      .field = value_field};
};

template <class T>
struct ShapeOf<std::optional<T>> {
  static constexpr Shape shape{.expected = expected_text<T>,
                               .scalar =
                                   [](void* target, const Scalar& value) {
                                     auto& optional = *static_cast<std::optional<T>*>(target);
                                     if (std::holds_alternative<std::monostate>(value)) {
                                       optional.reset();
                                       return true;
                                     }
                                     const Shape& inner = shape_of<T>();
                                     return inner.scalar != nullptr && inner.scalar(&optional.emplace(), value);
                                   },
                               .inside = [](void* target) -> Slot {
                                 auto& optional = *static_cast<std::optional<T>*>(target);
                                 return {.target = &optional.emplace(), .shape = &shape_of<T>()};
                               }};
};

template <class T>
struct ShapeOf<std::vector<T>> {
  static_assert(!std::same_as<T, bool>, "std::vector<bool> has no elements to point at");
  static constexpr Shape shape{.expected = expected_text<std::vector<T>>,
                               .begin_list = [](void* target) { static_cast<std::vector<T>*>(target)->clear(); },
                               .element = [](void* target) -> Slot {
                                 auto& list = *static_cast<std::vector<T>*>(target);
                                 return {.target = &list.emplace_back(), .shape = &shape_of<T>()};
                               }};
};

template <class T>
struct ShapeOf<std::map<std::string, T>> {
  static constexpr Shape shape{
      .expected = expected_text<std::map<std::string, T>>,
      .begin_object = [](void* target) { static_cast<std::map<std::string, T>*>(target)->clear(); },
      .field = [](void* target, std::string_view name) -> Slot {
        auto& map = *static_cast<std::map<std::string, T>*>(target);
        return {.target = &map[std::string(name)], .shape = &shape_of<T>()};
      }};
};

template <Record T>
struct ShapeOf<T> {
  static Slot field(void* target, std::string_view name) {
    auto& record = *static_cast<T*>(target);
    Slot slot;
    std::size_t number = 0;
    opshost_record_fields(&record, [&]<class F>(const char* field, F T::* member, const auto&...) {
      if (slot.shape == nullptr && same_name(name, field)) {
        slot = {.target = &(record.*member), .shape = &shape_of<F>(), .field = number};
      }
      ++number;
    });
    return slot;
  }
  static std::string missing(std::uint64_t given) {
    const auto& fields = type_of<T>().fields;
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (fields[i].required && (given >> i & 1U) == 0) return fields[i].name;
    }
    return {};
  }
  static constexpr Shape shape{.expected = expected_text<T>, .field = field, .missing = missing};
};

}  // namespace detail

template <class T>
const Shape& shape_of() {
  return detail::ShapeOf<T>::shape;
}

}  // namespace opshost::json
