#include "host/json/text_writer.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>

#include "host/base/utf8.hpp"

namespace opshost::json {

namespace {

constexpr std::string_view kHex = "0123456789abcdef";

/// What follows the backslash: 0 for what stands for itself, 'u' for what needs its number.
constexpr std::array<char, 256> make_escapes() {
  std::array<char, 256> escapes{};
  for (std::size_t i = 0; i < 0x20; ++i) escapes[i] = 'u';
  escapes['"'] = '"';
  escapes['\\'] = '\\';
  escapes['\b'] = 'b';
  escapes['\f'] = 'f';
  escapes['\n'] = 'n';
  escapes['\r'] = 'r';
  escapes['\t'] = 't';
  escapes[0x7f] = 'u';
  return escapes;
}
constexpr std::array<char, 256> kEscapes = make_escapes();

}  // namespace

void append_string(std::string& json, std::string_view text) {
  json += '"';
  std::size_t plain = 0;  // all before it is written
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const char escape = kEscapes[byte];
    if (escape == 0) continue;
    json.append(text, plain, i - plain);
    plain = i + 1;
    json += '\\';
    json += escape;
    if (escape == 'u') {
      json += "00";
      json += kHex[byte >> 4U];
      json += kHex[byte & 0xFU];
    }
  }
  json.append(text, plain);
  json += '"';
}

void append_number(std::string& json, double number) {
  std::array<char, 32> digits{};
  const auto end = digits.data() + digits.size();
  const bool is_small = std::abs(number) < 0x1p53;
  const bool is_whole = std::floor(number) == number && is_small;
  // Beyond 2^53 digits alone would read back as an integer, or as none that 64 bits hold.
  const auto written = is_whole   ? std::to_chars(digits.data(), end, static_cast<std::int64_t>(number))
                       : is_small ? std::to_chars(digits.data(), end, number)
                                  : std::to_chars(digits.data(), end, number, std::chars_format::scientific);
  json.append(digits.data(), written.ptr);
}

std::size_t find_ill_formed(std::string_view text) {
  std::size_t offset = 0;
  while (offset < text.size()) {
    if (static_cast<unsigned char>(text[offset]) < 0x80U) {
      ++offset;
      continue;
    }
    const auto character = decode_utf8(text.substr(offset));
    if (!character) return offset;
    offset += character->length;
  }
  return std::string_view::npos;
}

}  // namespace opshost::json
