#pragma once
// Is a person there, and how wide is the window?
#include <cstddef>

namespace opshost {

bool is_terminal(int descriptor);

/// Columns of the terminal behind `descriptor`; where it does not say, $COLUMNS, else 80.
std::size_t terminal_width(int descriptor);

}  // namespace opshost
