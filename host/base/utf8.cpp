#include "host/base/utf8.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace opshost {

namespace {

constexpr char32_t kReplacement = 0xFFFD;
constexpr char32_t kLast = 0x10FFFF;

struct Range {
  char32_t first;
  char32_t last;
};

/// Sorted. Unicode 15: Cc, Cf that is invisible, line and paragraph separators, interlinear marks, tags.
constexpr std::array<Range, 13> kUnprintable{{{0x0000, 0x001F},
                                              {0x007F, 0x009F},
                                              {0x00AD, 0x00AD},
                                              {0x061C, 0x061C},
                                              {0x180E, 0x180E},
                                              {0x200B, 0x200F},
                                              {0x2028, 0x202E},
                                              {0x2060, 0x206F},
                                              {0xD800, 0xDFFF},
                                              {0xFEFF, 0xFEFF},
                                              {0xFFF9, 0xFFFB},
                                              {0xFFFE, 0xFFFF},
                                              {0xE0000, 0xE0FFF}}};

void append_hex_escape(std::string& text, char byte) {
  constexpr std::string_view kHex = "0123456789abcdef";
  const auto value = static_cast<unsigned char>(byte);
  text.append("\\x").append(1, kHex[value >> 4U]).append(1, kHex[value & 0xFU]);
}

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }
bool is_surrogate(char32_t value) { return value >= 0xD800 && value <= 0xDFFF; }

}  // namespace

std::optional<CodePoint> decode_utf8(std::string_view text) {
  if (text.empty()) return std::nullopt;
  const auto lead = static_cast<unsigned char>(text.front());
  if (lead < 0x80) return CodePoint{lead, 1};
  constexpr std::array<char32_t, 5> kSmallest{0, 0, 0x80, 0x800, 0x10000};  // by length: less is overlong
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return std::nullopt;
  char32_t value = lead & (0x7FU >> length);
  for (const char c : text.substr(1, length - 1)) {
    if (!is_continuation(c)) return std::nullopt;
    value = (value << 6U) | (static_cast<unsigned char>(c) & 0x3FU);
  }
  if (value < kSmallest[length] || value > kLast || is_surrogate(value)) return std::nullopt;
  return CodePoint{value, length};
}

void append_utf8(std::string& text, char32_t code_point) {
  if (code_point > kLast || is_surrogate(code_point)) code_point = kReplacement;
  const auto trail = [&](unsigned shift) {
    text.push_back(static_cast<char>(0x80U | ((code_point >> shift) & 0x3FU)));
  };
  if (code_point < 0x80) {
    text.push_back(static_cast<char>(code_point));
  } else if (code_point < 0x800) {
    text.push_back(static_cast<char>(0xC0U | (code_point >> 6U)));
    trail(0);
  } else if (code_point < 0x10000) {
    text.push_back(static_cast<char>(0xE0U | (code_point >> 12U)));
    trail(6);
    trail(0);
  } else {
    text.push_back(static_cast<char>(0xF0U | (code_point >> 18U)));
    trail(12);
    trail(6);
    trail(0);
  }
}

bool is_printable(char32_t code_point) {
  if (code_point > kLast) return false;
  const auto range = std::lower_bound(kUnprintable.begin(), kUnprintable.end(), code_point,
                                      [](const Range& r, char32_t value) { return r.last < value; });
  return range == kUnprintable.end() || code_point < range->first;
}

std::size_t append_printable(std::string& text, std::string_view from) {
  constexpr std::string_view kControls = "\n\r\t";
  constexpr std::string_view kLetters = "nrt";
  if (const auto control = kControls.find(from.front()); control != std::string_view::npos) {
    text.append("\\").append(1, kLetters[control]);
    return 1;
  }
  const auto code_point = decode_utf8(from);
  const std::size_t length = code_point ? code_point->length : 1;
  if (code_point && is_printable(code_point->value)) {
    text.append(from.substr(0, length));
  } else {
    for (const char byte : from.substr(0, length)) append_hex_escape(text, byte);
  }
  return length;
}

std::string printable(std::string_view text) {
  std::string safe;
  safe.reserve(text.size());
  while (!text.empty()) text.remove_prefix(append_printable(safe, text));
  return safe;
}

}  // namespace opshost
