#include "host/term/display_width.hpp"

#include <algorithm>

#include "host/base/utf8.hpp"
#include "host/term/width_table.hpp"

namespace opshost {

namespace {

template <std::size_t Count>
bool contains(const std::array<CodePointRange, Count>& ranges, char32_t value) {
  const auto range = std::lower_bound(ranges.begin(), ranges.end(), value,
                                      [](const CodePointRange& r, char32_t wanted) { return r.last < wanted; });
  return range != ranges.end() && value >= range->first;
}

std::size_t columns_of(char32_t value) {
  constexpr char32_t kFirstCombining = 0x300;
  if (value < 0x20 || (value >= 0x7F && value < 0xA0)) return 0;
  if (value < kFirstCombining) return 1;
  if (contains(kZeroWidth, value)) return 0;
  return contains(kWide, value) ? 2 : 1;
}

/// Bytes of a colour sequence at the front; 0: none stands there.
std::size_t color_sequence(std::string_view text) {
  if (!text.starts_with("\x1b[")) return 0;
  const std::size_t end = text.find_first_not_of("0123456789;", 2);
  return end != std::string_view::npos && text[end] == 'm' ? end + 1 : 0;
}

struct Piece {
  std::size_t bytes;
  std::size_t columns;
};

Piece first_piece(std::string_view text) {
  if (const std::size_t bytes = color_sequence(text)) return {bytes, 0};
  const auto code_point = decode_utf8(text);
  return code_point ? Piece{code_point->length, columns_of(code_point->value)} : Piece{1, 1};
}

}  // namespace

std::size_t display_width(std::string_view text) {
  std::size_t columns = 0;
  while (!text.empty()) {
    const Piece piece = first_piece(text);
    columns += piece.columns;
    text.remove_prefix(piece.bytes);
  }
  return columns;
}

std::string shorten(std::string_view text, std::size_t columns) {
  if (display_width(text) <= columns) return std::string(text);
  if (columns == 0) return {};
  std::size_t shown_bytes = 0;
  std::size_t shown_columns = 0;
  while (true) {
    const Piece piece = first_piece(text.substr(shown_bytes));
    if (shown_columns + piece.columns > columns - 1) break;
    shown_bytes += piece.bytes;
    shown_columns += piece.columns;
  }
  return std::string(text.substr(0, shown_bytes)) + "\u2026";
}

}  // namespace opshost
