#pragma once
// How much room a text takes on a terminal.
#include <cstddef>
#include <string>
#include <string_view>

namespace opshost {

/// Columns of one line of printable text: East Asian characters and emoji take two, combining marks none, each byte
/// that is no UTF-8 one. Colour sequences (ESC [ ... m) take none.
std::size_t display_width(std::string_view text);

/// The text if it fits into `columns`, else its beginning and "…". Colour sequences are not expected here.
std::string shorten(std::string_view text, std::size_t columns);

}  // namespace opshost
