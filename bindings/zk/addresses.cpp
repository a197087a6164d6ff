#include "bindings/zk/addresses.hpp"

#include "bindings/net/failure.hpp"
#include "bindings/net/resolver.hpp"

namespace opshost::zk {

Awaitable<std::string> library_addresses(Call& call, std::vector<HostPort> servers) {
  std::string addresses;
  std::string failures;
  for (const auto& server : servers) {
    try {
      const auto endpoints = co_await net::resolve(call, server.host, server.port);
      for (const auto& endpoint : endpoints) {
        if (!addresses.empty()) addresses += ',';
        addresses += endpoint.address().to_string() + ':' + std::to_string(endpoint.port());
      }
    } catch (const net::Failure& failure) {
      failures += (failures.empty() ? "" : "; ") + failure.message();
    }
  }
  if (addresses.empty()) {
    Error error("zk.unreachable", failures);
    throw std::move(error).retryable();
  }
  co_return addresses;
}

}  // namespace opshost::zk
