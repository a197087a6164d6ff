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

}  // namespace

std::string json_text(const Value& value) {
  std::string json;
  std::visit(Writer{json}, value.data());
  return json;
}

}  // namespace opshost
