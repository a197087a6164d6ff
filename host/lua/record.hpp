#pragma once
// OPSHOST_RECORD and OPSHOST_ENUM: declare a C++ struct or enum once; arguments, results, help, stubs, the reference
// and the journal all come from that. A binding's client.hpp may include this file: no lua_State in sight.
#include <array>
#include <string>
#include <utility>

#include "host/lua/type.hpp"

namespace opshost {

enum class FieldRule : std::uint8_t { optional, required };
/// Third element of a field in OPSHOST_RECORD: a caller must give it.
inline constexpr FieldRule required = FieldRule::required;

/// Further element of a field in OPSHOST_RECORD: its name in Lua, where C++ cannot spell it (`stdin` and `errno` are
/// macros, `class` a keyword).
struct FieldName {
  const char* text;
};
inline constexpr FieldName named(const char* text) { return {text}; }

namespace detail {
inline void apply(FieldName name, const char*& field, FieldRule&) { field = name.text; }
inline void apply(FieldRule given, const char*&, FieldRule& rule) { rule = given; }

/// Every visitor of a record gets the same four: name, member, doc, rule.
template <class Visitor, class Member, class... Elements>
void visit_field(Visitor& visit, const char* field, Member member, const char* doc, Elements... elements) {
  FieldRule rule = FieldRule::optional;  // NOLINT(misc-const-correctness): without elements it stays
  (apply(elements, field, rule), ...);
  visit(field, member, doc, rule);
}
}  // namespace detail

// clang-format off
// FOR_EACH over up to 256 arguments by rescanning (C++20 __VA_OPT__).
#define OPSHOST_PARENS ()
#define OPSHOST_EXPAND(...) OPSHOST_EXPAND4(OPSHOST_EXPAND4(OPSHOST_EXPAND4(OPSHOST_EXPAND4(__VA_ARGS__))))
#define OPSHOST_EXPAND4(...) OPSHOST_EXPAND3(OPSHOST_EXPAND3(OPSHOST_EXPAND3(OPSHOST_EXPAND3(__VA_ARGS__))))
#define OPSHOST_EXPAND3(...) OPSHOST_EXPAND2(OPSHOST_EXPAND2(OPSHOST_EXPAND2(OPSHOST_EXPAND2(__VA_ARGS__))))
#define OPSHOST_EXPAND2(...) __VA_ARGS__
#define OPSHOST_FOR_EACH(MACRO, ...) __VA_OPT__(OPSHOST_EXPAND(OPSHOST_FOR_EACH_STEP(MACRO, __VA_ARGS__)))
#define OPSHOST_FOR_EACH_STEP(MACRO, FIRST, ...) \
  MACRO FIRST __VA_OPT__(OPSHOST_FOR_EACH_AGAIN OPSHOST_PARENS (MACRO, __VA_ARGS__))
#define OPSHOST_FOR_EACH_AGAIN() OPSHOST_FOR_EACH_STEP
// clang-format on

#define OPSHOST_RECORD_FIELD(FIELD, ...) ::opshost::detail::visit_field(visit, #FIELD, &Self::FIELD, __VA_ARGS__);

/// Describes a struct with default member initialisers, in the struct's own namespace:
///
///   struct StopOptions { Duration grace = 10s; std::optional<std::string> signal; };
///   OPSHOST_RECORD(StopOptions, "How to stop a container",
///     (grace, "time to exit after SIGTERM before SIGKILL"),
///     (signal, "sent instead of SIGTERM"))
///
/// A field with the further element `required` must be given; an absent one keeps the struct's default.
/// `named("stdin")` gives a field a name in Lua that differs from C++'s.
#define OPSHOST_RECORD(RECORD, DOC, ...)                                                           \
  [[maybe_unused]] inline std::pair<const char*, const char*> opshost_record_info(const RECORD*) { \
    return {#RECORD, DOC};                                                                         \
  }                                                                                                \
  template <class Visitor>                                                                         \
  void opshost_record_fields(const RECORD*, Visitor&& visit) {                                     \
    using Self = RECORD;                                                                           \
    OPSHOST_FOR_EACH(OPSHOST_RECORD_FIELD, __VA_ARGS__)                                            \
  }

#define OPSHOST_ENUM_CHOICE(CHOICE, NAME) visit(Self::CHOICE, NAME);

/// Describes an enum: OPSHOST_ENUM(Health, "What its probe said", (healthy, "healthy"), (unknown, "unknown"))
#define OPSHOST_ENUM(ENUM, DOC, ...)                                                                                  \
  [[maybe_unused]] inline std::pair<const char*, const char*> opshost_enum_info(const ENUM*) { return {#ENUM, DOC}; } \
  template <class Visitor>                                                                                            \
  void opshost_enum_choices(const ENUM*, Visitor&& visit) {                                                           \
    using Self = ENUM;                                                                                                \
    OPSHOST_FOR_EACH(OPSHOST_ENUM_CHOICE, __VA_ARGS__)                                                                \
  }

template <class T>
concept Record = requires(const T* record) { opshost_record_info(record); };
template <class T>
concept Enumeration = requires(const T* choice) { opshost_enum_info(choice); };

/// A default as Lua writes it in help and stubs; empty where it is nil or needs no showing.
template <class T>
std::string default_text(const T& value);

namespace detail {
std::string text_of_default(const Value& value);
template <class T>
Value scalar_default(const T& value) {
  if constexpr (std::is_same_v<T, Duration>) {
    return format_duration(value);
  } else if constexpr (std::is_same_v<T, Size>) {
    return format_size(value);
  } else if constexpr (std::is_same_v<T, bool> || std::is_same_v<T, double> || std::is_same_v<T, std::string>) {
    return value;
  } else if constexpr (std::is_integral_v<T>) {
    return static_cast<std::int64_t>(value);
  } else {
    return {};
  }
}
}  // namespace detail

template <class T>
std::string default_text(const T& value) {
  if constexpr (Enumeration<T>) {
    std::string text;
    opshost_enum_choices(&value, [&](T choice, const char* name) {
      if (choice == value) text = '"' + std::string(name) + '"';
    });
    return text;
  } else {
    return detail::text_of_default(detail::scalar_default(value));
  }
}
template <class T>
std::string default_text(const std::optional<T>& value) {
  return value ? default_text(*value) : std::string();
}

template <class T>
struct TypeOf<T, std::enable_if_t<Record<T>>> {
  static const Type& get() {
    static const Type type = make();
    return type;
  }

 private:
  static Type make() {
    const auto [name, doc] = opshost_record_info(static_cast<const T*>(nullptr));
    Type type{.kind = Kind::record, .name = name, .doc = doc};
    const T defaults{};
    opshost_record_fields(&defaults, [&]<class F>(const char* field, F T::* member, const char* field_doc,
                                                  FieldRule rule = FieldRule::optional) {
      const bool is_required = rule == FieldRule::required;
      type.fields.push_back({.name = field,
                             .doc = field_doc,
                             .type = &type_of<F>(),
                             .required = is_required,
                             .default_text = is_required ? std::string() : default_text(defaults.*member)});
    });
    return type;
  }
};

template <class T>
struct TypeOf<T, std::enable_if_t<Enumeration<T>>> {
  static const Type& get() {
    static const Type type = make();
    return type;
  }

 private:
  static Type make() {
    const auto [name, doc] = opshost_enum_info(static_cast<const T*>(nullptr));
    Type type{.kind = Kind::enumeration, .name = name, .doc = doc};
    opshost_enum_choices(static_cast<const T*>(nullptr),
                         [&](T, const char* choice) { type.choices.emplace_back(choice); });
    return type;
  }
};

}  // namespace opshost
