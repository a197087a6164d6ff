#pragma once
// Carries bytes both ways between two streams until both directions have ended.
#include <memory>

#include "bindings/net/byte_stream.hpp"

namespace opshost::net {

/// Ends with both streams closed. An end in one direction is passed on and the other goes on; a failure closes both.
Awaitable<void> relay(std::unique_ptr<ByteStream> one, std::unique_ptr<ByteStream> other);

}  // namespace opshost::net
