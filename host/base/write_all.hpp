#pragma once
// Writing to a descriptor that others may close at any time.
#include <string_view>

namespace opshost {

/// Writes all of `text`, waiting where the descriptor would block. Never raises SIGPIPE, whatever its disposition.
/// Returns 0, or the errno of the write that failed.
int write_all(int descriptor, std::string_view text) noexcept;

/// The same for a regular file, which raises no SIGPIPE and needs no waiting; one that asks for that is EAGAIN.
int write_file(int descriptor, std::string_view text) noexcept;

/// The same as write_all without waiting, for a descriptor that does not block: takes from `text` what was written.
int write_available(int descriptor, std::string_view& text) noexcept;

/// The same as write_available for a socket, which need not be set not to block.
int send_available(int socket, std::string_view& text) noexcept;

}  // namespace opshost
