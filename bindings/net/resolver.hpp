#pragma once
// Names to addresses through c-ares, so that a silent name server holds up nothing but the call that asked.
#include <boost/asio/ip/tcp.hpp>
#include <string>
#include <vector>

#include "host/fiber/call.hpp"

namespace opshost::net {

using TcpEndpoint = asio::ip::tcp::endpoint;

/// The addresses of `host`, in the order to try them: a numeric address as it is ("::1", also "[::1]"), /etc/hosts
/// before the name servers of /etc/resolv.conf, which are looked up anew for each question.
///
/// Throws Failure with name_unknown or name_server_failed; a stopped call ends at once.
Awaitable<std::vector<TcpEndpoint>> resolve(Call& call, std::string host, std::uint16_t port);

}  // namespace opshost::net
