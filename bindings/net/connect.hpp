#pragma once
// Opening connections from this machine.
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <memory>
#include <string>

#include "bindings/net/byte_stream.hpp"

namespace opshost::net {

using TcpSocket = asio::ip::tcp::socket;

inline constexpr Duration kConnectTimeout = std::chrono::seconds(10);

/// A connected socket, TCP_NODELAY set; silence of the other machine ends it after a minute where nothing sent is
/// unacknowledged, and else when the kernel gives that up (a quarter of an hour). The addresses of the name are tried
/// in order, the next one 250 ms after the one before or as soon as that failed (RFC 8305); the first to answer wins.
///
/// Throws Failure; its message names host, address and port, and every address that was tried.
Awaitable<TcpSocket> connect_tcp(Call& call, std::string host, std::uint16_t port,
                                 Duration connect_timeout = kConnectTimeout);

Awaitable<asio::local::stream_protocol::socket> connect_unix(Call& call, std::string path);

std::unique_ptr<ByteStream> make_stream(TcpSocket socket);
std::unique_ptr<ByteStream> make_stream(asio::local::stream_protocol::socket socket);

}  // namespace opshost::net
