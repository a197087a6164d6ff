#pragma once
// A way through a Route for client libraries that own their sockets: something on this machine that they connect to and
// that nobody else can use.
//
//   auto endpoint = co_await net::PrivateEndpoint::open(call, route, "db1.internal", 3306,
//   net::EndpointKind::unix_socket); client.connect(endpoint->path());          // or 127.0.0.1 and endpoint->port()
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "bindings/net/route.hpp"

namespace opshost::net {

enum class EndpointKind : std::uint8_t {
  unix_socket,  ///< in a folder of mode 0700
  loopback,     ///< a port of 127.0.0.1 that takes connections of this process alone
};

/// In place of a port: `host` is the path of a Unix socket of the machine at the route's end.
inline constexpr std::uint16_t kUnixSocket = 0;

/// Each connection made to it is carried to the target over the route. Belongs to the loop's thread; the client may
/// connect from any thread. Ends, with all its connections, with its last owner.
class PrivateEndpoint {
 public:
  /// Opens the first connection at once, so that what keeps it from being opened is thrown here and not hidden from the
  /// client; that connection is given to the first who connects. Throws as Route::open_tcp.
  static Awaitable<std::shared_ptr<PrivateEndpoint>> open(Call& call, std::shared_ptr<Route> route, std::string host,
                                                          std::uint16_t port, EndpointKind kind,
                                                          Duration connect_timeout = kConnectTimeout);
  /// The same for a client that copes with servers that are not there: nothing is opened before it connects.
  /// Throws Error("net.endpoint") where this machine has no room for it.
  static std::shared_ptr<PrivateEndpoint> listen(Call& call, std::shared_ptr<Route> route, std::string host,
                                                 std::uint16_t port, EndpointKind kind,
                                                 Duration connect_timeout = kConnectTimeout);
  ~PrivateEndpoint();
  PrivateEndpoint(const PrivateEndpoint&) = delete;
  PrivateEndpoint& operator=(const PrivateEndpoint&) = delete;

  /// Of a Unix socket.
  [[nodiscard]] const std::string& path() const;
  /// Of a loopback one.
  [[nodiscard]] std::uint16_t port() const;
  /// Why the last connection could not be carried, for the error of a client that only saw it closed.
  [[nodiscard]] const std::optional<Error>& failure() const;

 private:
  struct State;
  explicit PrivateEndpoint(std::shared_ptr<State> state) : state_(std::move(state)) {}

  std::shared_ptr<State> state_;
};

}  // namespace opshost::net
