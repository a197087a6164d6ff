#include "host/base/error.hpp"

#include <array>
#include <cstring>

namespace opshost {

namespace {

// glibc returns the text, which need not be in the buffer; musl and POSIX return a status and fill the buffer.
[[maybe_unused]] std::string text_of(const char* text, const char* /*buffer*/, int /*number*/) { return text; }
[[maybe_unused]] std::string text_of(int status, const char* buffer, int number) {
  return status == 0 ? std::string(buffer) : "Unknown error " + std::to_string(number);
}

}  // namespace

std::string errno_text(int number) {
  std::array<char, 256> buffer{};
  return text_of(strerror_r(number, buffer.data(), buffer.size()), buffer.data(), number);
}

}  // namespace opshost
