#include "host/term/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <string_view>

namespace opshost {

namespace {

constexpr std::size_t kUsualWidth = 80;

/// 0: not set, or no number.
std::size_t columns_of_environment() {
  const char* set = std::getenv("COLUMNS");
  if (set == nullptr) return 0;
  const std::string_view text = set;
  std::size_t columns = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), columns);
  return error == std::errc() && end == text.data() + text.size() ? columns : 0;
}

}  // namespace

bool is_terminal(int descriptor) { return isatty(descriptor) == 1; }

std::size_t terminal_width(int descriptor) {
  winsize size{};
  if (ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  const std::size_t columns = columns_of_environment();
  return columns > 0 ? columns : kUsualWidth;
}

}  // namespace opshost
