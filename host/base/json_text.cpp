#include "host/base/json_text.hpp"

#include <array>
#include <charconv>
#include <cmath>

#include "host/log/json_line.hpp"

namespace opshost {

namespace {

struct Writer {
  std::string& json;

  void operator()(std::monostate) const { json += "null"; }
  void operator()(bool value) const { json += value ? "true" : "false"; }
  void operator()(std::int64_t value) const { json += std::to_string(value); }
  void operator()(std::uint64_t value) const { json += std::to_string(value); }
  void operator()(double value) const {
    if (!std::isfinite(value)) return operator()(std::monostate{});
    std::array<char, 32> digits{};
    const auto end = digits.data() + digits.size();
    // Beyond 2^53 digits alone would read back as an integer, or as none that 64 bits hold.
    const auto written = std::abs(value) < 0x1p53
                             ? std::to_chars(digits.data(), end, value)
                             : std::to_chars(digits.data(), end, value, std::chars_format::scientific);
    json.append(digits.data(), written.ptr);
  }
  void operator()(const std::string& value) const { append_json_string(json, value); }
  void operator()(const Opaque& value) const { append_json_string(json, value.shown); }
  void operator()(const ValueList& list) const {
    json += '[';
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (i > 0) json += ',';
      std::visit(*this, list[i].data());
    }
    json += ']';
  }
  void operator()(const ValueMap& map) const {
    json += '{';
    for (std::size_t i = 0; i < map.size(); ++i) {
      if (i > 0) json += ',';
      append_json_string(json, map[i].first);
      json += ':';
      std::visit(*this, map[i].second.data());
    }
    json += '}';
  }
};

struct SizeBound {
  /// A byte becomes "\u001f" or three of U+FFFD at most, and there are quotes around it.
  static std::size_t of_text(const std::string& text) { return 6 * text.size() + 2; }

  template <class Scalar>
  std::size_t operator()(const Scalar&) const {
    return 32;
  }
  std::size_t operator()(const std::string& value) const { return of_text(value); }
  std::size_t operator()(const Opaque& value) const { return of_text(value.shown); }
  std::size_t operator()(const ValueList& list) const {
    std::size_t bound = 2;
    for (const auto& element : list) bound += 1 + std::visit(*this, element.data());
    return bound;
  }
  std::size_t operator()(const ValueMap& map) const {
    std::size_t bound = 2;
    for (const auto& [name, element] : map) bound += 2 + of_text(name) + std::visit(*this, element.data());
    return bound;
  }
};

}  // namespace

std::string json_text(const Value& value) {
  std::string json;
  append_json_text(json, value);
  return json;
}

void append_json_text(std::string& json, const Value& value) { std::visit(Writer{json}, value.data()); }

std::size_t json_size_bound(const Value& value) { return std::visit(SizeBound{}, value.data()); }

}  // namespace opshost
