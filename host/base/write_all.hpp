#pragma once
// Writing to a descriptor that others may close at any time.
#include <string_view>

namespace opshost {

/// Writes all of `text`, waiting where the descriptor would block. Never raises SIGPIPE, whatever its disposition.
/// Returns 0, or the errno of the write that failed.
int write_all(int descriptor, std::string_view text) noexcept;

}  // namespace opshost
