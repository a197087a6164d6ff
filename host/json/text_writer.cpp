#include "host/json/text_writer.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>

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

// Eight bytes at once, each judged by its highest bit ("Bit Twiddling Hacks", haszero and hasless).
constexpr std::uint64_t kEach = 0x0101010101010101U;
constexpr std::uint64_t kHighest = 0x80 * kEach;

std::uint64_t eight_at(const char* bytes) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}
constexpr std::uint64_t any_below(std::uint64_t word, unsigned char limit) {
  return (word - limit * kEach) & ~word & kHighest;
}
constexpr std::uint64_t any_equal(std::uint64_t word, unsigned char byte) {
  return any_below(word ^ (byte * kEach), 1);
}

bool any_to_escape(std::uint64_t word) {
  return (any_below(word, 0x20) | any_equal(word, '"') | any_equal(word, '\\') | any_equal(word, 0x7f)) != 0;
}

/// Where the first byte that needs an escape stands, from `begin` on; the text's size: nowhere.
std::size_t find_to_escape(std::string_view text, std::size_t begin) {
  while (begin + 8 <= text.size() && !any_to_escape(eight_at(text.data() + begin))) begin += 8;
  while (begin < text.size() && kEscapes[static_cast<unsigned char>(text[begin])] == 0) ++begin;
  return begin;
}

}  // namespace

bool is_plain(std::string_view text) {
  const auto needs_care = [](std::uint64_t word) { return (word & kHighest) != 0 || any_to_escape(word); };
  if (text.size() < 8) {
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return c >= 0 && kEscapes[static_cast<unsigned char>(c)] == 0; });
  }
  const std::size_t last = text.size() - 8;
  for (std::size_t i = 0; i < last; i += 8) {
    if (needs_care(eight_at(text.data() + i))) return false;
  }
  return !needs_care(eight_at(text.data() + last));
}

void append_plain(std::string& json, std::string_view text) {
  const std::size_t begin = json.size();
  json.append(text.size() + 2, '"');
  std::memcpy(json.data() + begin + 1, text.data(), text.size());
}

void append_string(std::string& json, std::string_view text) {
  json += '"';
  std::size_t plain = 0;  // all before it is written
  for (std::size_t i = find_to_escape(text, 0); i < text.size(); i = find_to_escape(text, plain)) {
    const auto byte = static_cast<unsigned char>(text[i]);
    json.append(text, plain, i - plain);
    plain = i + 1;
    json += '\\';
    json += kEscapes[byte];
    if (kEscapes[byte] == 'u') {
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
  const bool is_whole = is_small && static_cast<double>(static_cast<std::int64_t>(number)) == number;
  // Beyond 2^53 digits alone would read back as an integer, or as none that 64 bits hold.
  const auto written = is_whole   ? std::to_chars(digits.data(), end, static_cast<std::int64_t>(number))
                       : is_small ? std::to_chars(digits.data(), end, number)
                                  : std::to_chars(digits.data(), end, number, std::chars_format::scientific);
  json.append(digits.data(), written.ptr);
}

std::size_t find_ill_formed(std::string_view text) {
  std::size_t offset = 0;
  while (offset < text.size()) {
    if (offset + 8 <= text.size() && (eight_at(text.data() + offset) & kHighest) == 0) {
      offset += 8;
      continue;
    }
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
