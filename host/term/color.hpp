#pragma once
// The few styles opshost has, and when it uses them.
#include <cstdint>
#include <string>
#include <string_view>

namespace opshost {

enum class Style : std::uint8_t {
  plain,
  strong,   ///< headings
  faint,    ///< what may be passed over
  good,     ///< done
  warning,  ///< worth a look
  bad,      ///< failed
};

/// True for a terminal unless the user asked for none: NO_COLOR set to anything, TERM unset or "dumb".
bool wants_color(int descriptor);

/// The text in that style; itself where `color` is false.
std::string styled(std::string_view text, Style style, bool color);

}  // namespace opshost
