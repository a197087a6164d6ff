#include "bindings/zk/addresses.hpp"

#include "bindings/net/failure.hpp"
#include "bindings/net/resolver.hpp"

namespace opshost::zk {

Awaitable<std::string> library_addresses(Call& call, std::vector<HostPort> servers) {
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
  // After a failure the library goes on by two: in an even list it would never come to every second one.
  if (found.size() % 2 == 0) found.push_back(found.front());
  std::string addresses;
  for (const auto& address : found) addresses += (addresses.empty() ? "" : ",") + address;
  co_return addresses;
}

}  // namespace opshost::zk
