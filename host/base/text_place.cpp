#include "host/base/text_place.hpp"

#include <algorithm>

namespace opshost {

namespace {
bool begins_character(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U; }
}  // namespace

TextPlace text_place(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, std::min(offset, text.size()));
  const std::size_t line_break = before.rfind('\n');
  const std::string_view line = line_break == std::string_view::npos ? before : before.substr(line_break + 1);
  return {.line = 1 + static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n')),
          .column = 1 + static_cast<std::size_t>(std::count_if(line.begin(), line.end(), begins_character))};
}

std::string place_text(const std::string& file, TextPlace place) {
  const std::string line = std::to_string(place.line);
  const std::string column = std::to_string(place.column);
  return file.empty() ? "line " + line + ", column " + column : file + ":" + line + ":" + column;
}

}  // namespace opshost
