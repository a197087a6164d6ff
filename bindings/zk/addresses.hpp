#pragma once
// Where the servers of an ensemble are: the library is only ever given numbers, since it would wait for a name server
// with the loop standing still. What lies behind an SSH connection it reaches through an endpoint of this machine.
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "bindings/net/private_endpoint.hpp"
#include "bindings/zk/hosts.hpp"
#include "host/fiber/call.hpp"

namespace opshost::zk {

struct Addresses {
  /// "10.0.0.1:2181,::1:2181", as the library reads it.
  std::string text{};
  struct Endpoint {
    std::string server{};  ///< which one is behind it
    std::shared_ptr<net::PrivateEndpoint> opened{};
  };
  /// By their own address, "127.0.0.1:41234"; empty without a `via`. They have to stay as long as the library runs.
  std::map<std::string, Endpoint> endpoints{};

  /// The server at one of these addresses, as the script names it.
  [[nodiscard]] std::string server_at(const std::string& address) const;
  /// Why it was not reached, where the route there says more than the library, which only saw a connection end.
  [[nodiscard]] std::string failure_at(const std::string& address, const std::string& seen_by_library) const;
};

/// A name that cannot be looked up is left out while another can. Throws Error("zk.unreachable") where none can.
Awaitable<Addresses> resolve_servers(Call& call, std::vector<HostPort> servers);
/// Names are looked up at the route's end, when the library connects.
Addresses endpoints_for(Call& call, const std::vector<HostPort>& servers, const std::shared_ptr<net::Route>& via,
                        Duration connect_timeout);

}  // namespace opshost::zk
