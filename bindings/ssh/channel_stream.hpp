#pragma once
// A channel as a ByteStream: what other bindings talk through.
#include <memory>

#include "bindings/net/byte_stream.hpp"
#include "bindings/ssh/channel.hpp"

namespace opshost::ssh {

/// `keeps` lives as long as the stream: the connection.
std::unique_ptr<net::ByteStream> make_channel_stream(Channel channel, std::shared_ptr<void> keeps);

}  // namespace opshost::ssh
