#include "bindings/zk/addresses.hpp"

#include "bindings/net/failure.hpp"
#include "bindings/net/resolver.hpp"

namespace opshost::zk {

namespace {

std::string library_text(std::vector<std::string> addresses) {
  // After a failure the library goes on by two: in an even list it would never come to every second one.
  if (addresses.size() % 2 == 0) addresses.push_back(addresses.front());
  std::string text;
  for (const auto& address : addresses) text += (text.empty() ? "" : ",") + address;
  return text;
}

}  // namespace

std::string Addresses::server_at(const std::string& address) const {
  const auto found = endpoints.find(address);
  return found == endpoints.end() ? address : found->second.server;
}

std::string Addresses::failure_at(const std::string& address, const std::string& seen_by_library) const {
  const auto found = endpoints.find(address);
  if (found == endpoints.end() || !found->second.opened->failure()) return seen_by_library;
  return found->second.opened->failure()->message();
}

Awaitable<Addresses> resolve_servers(Call& call, std::vector<HostPort> servers) {
  std::vector<std::string> found;
  std::string failures;
  for (const auto& server : servers) {
    try {
      const auto endpoints = co_await net::resolve(call, server.host, server.port);
      for (const auto& endpoint : endpoints)
        found.push_back(endpoint.address().to_string() + ':' + std::to_string(endpoint.port()));
    } catch (const net::Failure& failure) {
      failures += (failures.empty() ? "" : "; ") + failure.message();
    }
  }
  if (found.empty()) {
    Error error("zk.unreachable", failures);
    throw std::move(error).retryable();
  }
  Addresses addresses;
  addresses.text = library_text(std::move(found));
  co_return addresses;
}

Addresses endpoints_for(Call& call, const std::vector<HostPort>& servers, const std::shared_ptr<net::Route>& via,
                        Duration connect_timeout) {
  Addresses addresses;
  std::vector<std::string> found;
  for (const auto& server : servers) {
    auto endpoint =
        net::PrivateEndpoint::listen(call, via, server.host, server.port, net::EndpointKind::loopback, connect_timeout);
    found.push_back("127.0.0.1:" + std::to_string(endpoint->port()));
    addresses.endpoints[found.back()] = {text_of(server), std::move(endpoint)};
  }
  addresses.text = library_text(std::move(found));
  return addresses;
}

}  // namespace opshost::zk
