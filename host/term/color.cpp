#include "host/term/color.hpp"

#include <cstdlib>

#include "host/term/terminal.hpp"

namespace opshost {

namespace {

std::string_view environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view() : value;
}

std::string_view codes_of(Style style) {
  switch (style) {
    case Style::plain:
      return "";
    case Style::strong:
      return "1";
    case Style::faint:
      return "2";
    case Style::good:
      return "32";
    case Style::warning:
      return "33";
    case Style::bad:
      return "31";
  }
  return "";
}

}  // namespace

bool wants_color(int descriptor) {
  if (!environment("NO_COLOR").empty()) return false;
  const std::string_view term = environment("TERM");
  return !term.empty() && term != "dumb" && is_terminal(descriptor);
}

std::string styled(std::string_view text, Style style, bool color) {
  const std::string_view codes = codes_of(style);
  if (!color || codes.empty() || text.empty()) return std::string(text);
  return std::string("\x1b[").append(codes).append("m").append(text).append("\x1b[0m");
}

}  // namespace opshost
