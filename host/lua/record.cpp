#include "host/lua/record.hpp"

#include <charconv>
#include <cmath>
#include <string_view>

namespace opshost::detail {
namespace {

/// A Lua string literal; control bytes as \ddd, which no following digit can run into.
std::string in_quotes(std::string_view bytes) {
  std::string text = "\"";
  for (const char byte : bytes) {
    const auto code = static_cast<unsigned char>(byte);
    if (byte == '"' || byte == '\\') {
      text += '\\';
      text += byte;
    } else if (byte == '\n') {
      text += "\\n";
    } else if (code < 0x20U || code == 0x7fU) {
      const std::string digits = std::to_string(code);
      text += '\\' + std::string(3 - digits.size(), '0') + digits;
    } else {
      text += byte;
    }
  }
  return text + '"';
}

/// The shortest spelling that reads back as the same number.
std::string number_text(double number) {
  if (std::isnan(number)) return "0/0";
  if (std::isinf(number)) return number > 0 ? "math.huge" : "-math.huge";
  std::array<char, 32> buffer{};
  const auto written = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number);
  return {buffer.data(), written.ptr};
}

struct DefaultText {
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(std::int64_t value) const { return std::to_string(value); }
  std::string operator()(std::uint64_t value) const { return std::to_string(value); }
  std::string operator()(double value) const { return number_text(value); }
  /// An empty string says "not given" in a record; there is nothing to show.
  std::string operator()(const std::string& value) const { return value.empty() ? std::string() : in_quotes(value); }
  template <class Other>
  std::string operator()(const Other&) const {
    return {};
  }
};

}  // namespace

std::string text_of_default(const Value& value) { return std::visit(DefaultText{}, value.data()); }

}  // namespace opshost::detail
