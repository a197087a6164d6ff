#pragma once
// A value of no particular type: what the journal stores, a plan prints and an error carries as detail.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace opshost {

class Value;
using ValueList = std::vector<Value>;
/// Fields in declaration order; names are unique.
using ValueMap = std::vector<std::pair<std::string, Value>>;

/// Stands in a Value for something that must never be written out (a secret) or cannot be (a handle, a callback).
struct Opaque {
  std::string shown;  ///< what a person sees in its place: "***", "<Container web-1>"
  friend bool operator==(const Opaque&, const Opaque&) = default;
};

class Value {
 public:
  using Data =
      std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double, std::string, ValueList, ValueMap, Opaque>;

  Value() = default;
  Value(bool value) : data_(value) {}
  Value(int value) : data_(std::int64_t{value}) {}
  Value(std::int64_t value) : data_(value) {}
  Value(std::uint64_t value) : data_(value) {}
  Value(double value) : data_(value) {}
  Value(const char* value) : data_(std::string(value)) {}
  Value(std::string value) : data_(std::move(value)) {}
  Value(ValueList value) : data_(std::move(value)) {}
  Value(ValueMap value) : data_(std::move(value)) {}
  Value(Opaque value) : data_(std::move(value)) {}

  [[nodiscard]] const Data& data() const { return data_; }
  [[nodiscard]] bool is_null() const { return std::holds_alternative<std::monostate>(data_); }
  template <class T>
  [[nodiscard]] const T* get_if() const {
    return std::get_if<T>(&data_);
  }
  template <class T>
  [[nodiscard]] T* get_if() {
    return std::get_if<T>(&data_);
  }
  /// The field of a map; nullptr when this is no map or has no such field.
  [[nodiscard]] const Value* field(std::string_view name) const;

  friend bool operator==(const Value&, const Value&) = default;

 private:
  Data data_;
};

/// How a value reads in a message, in Lua's spelling: {"a", 1, name = "x"}. Strings longer than `max_string` bytes
/// shrink to their size, bytes that are not printable UTF-8 are escaped, so the text is safe for a terminal.
std::string describe(const Value& value, std::size_t max_string = 80);

/// The text of a map's field; empty when there is no such field, or it is no text.
std::string text_field(const Value& value, std::string_view name);

}  // namespace opshost
