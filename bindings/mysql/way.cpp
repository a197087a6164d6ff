#include "bindings/mysql/way.hpp"

#include "bindings/net/failure.hpp"
#include "bindings/net/resolver.hpp"

namespace opshost::mysql {

namespace {

Awaitable<std::shared_ptr<net::PrivateEndpoint>> open_endpoint(Call& call, const Settings& settings) {
  const bool by_socket = !settings.socket.empty();
  return net::PrivateEndpoint::open(call, *settings.via, by_socket ? settings.socket : settings.host,
                                    by_socket ? net::kUnixSocket : settings.port, net::EndpointKind::unix_socket,
                                    settings.connect_timeout);
}

}  // namespace

Awaitable<Way> WayFinder::find(Call& call, Settings settings) {
  Way way;
  std::optional<Error> failed;
  try {
    if (settings.via) {
      if (!endpoint_) endpoint_ = co_await open_endpoint(call, settings);
      way.socket = endpoint_->path();
    } else if (!settings.socket.empty()) {
      way.socket = settings.socket;
    } else {
      const auto found = co_await net::resolve(call, settings.host, settings.port);
      for (const auto& endpoint : found) way.addresses.push_back(endpoint.address().to_string());
    }
  } catch (const net::Failure& failure) {
    failed = failure.as("mysql", settings.target());
  }
  if (failed) throw Error(*failed);
  co_return way;
}

Error WayFinder::explained(const Error& seen_by_library) const {
  if (!endpoint_ || !endpoint_->failure() || seen_by_library.code() != "mysql.unreachable") return seen_by_library;
  Error error("mysql.unreachable", endpoint_->failure()->message());
  return std::move(error).on(seen_by_library.target()).retryable();
}

}  // namespace opshost::mysql
