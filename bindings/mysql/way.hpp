#pragma once
// Where the client library connects: it is given numbers and Unix sockets alone, since it would wait for a name server
// on a blocking thread. What lies behind an ssh connection it reaches through a socket of this machine.
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bindings/mysql/settings.hpp"
#include "bindings/net/private_endpoint.hpp"

namespace opshost::mysql {

struct Way {
  std::string socket{};                  ///< empty: TCP
  std::vector<std::string> addresses{};  ///< numeric, tried in this order
};

/// Finds the ways of one server's connections. On the loop; has to stay while connections through a route are in use.
class WayFinder {
 public:
  /// Throws Error("mysql.unreachable") where a name or the route leads nowhere.
  Awaitable<Way> find(Call& call, Settings settings);
  /// Why the route carried no connection, where it says more than the library, which only saw one end.
  [[nodiscard]] Error explained(const Error& seen_by_library) const;

 private:
  std::shared_ptr<net::PrivateEndpoint> endpoint_;
};

}  // namespace opshost::mysql
