#include "bindings/ssh/forward.hpp"

#include <utility>

#include "bindings/net/accept_loop.hpp"
#include "bindings/net/background_call.hpp"
#include "bindings/net/failure.hpp"
#include "bindings/net/relay.hpp"

namespace opshost::ssh {

struct Forward::State : std::enable_shared_from_this<State> {
  State(Call& begun_by, std::shared_ptr<net::Route> way, ForwardOptions what)
      : call(begun_by), route(std::move(way)), options(std::move(what)), acceptor(begun_by.executor()) {}

  net::BackgroundCall call;
  std::shared_ptr<net::Route> route;
  ForwardOptions options;
  asio::ip::tcp::acceptor acceptor;
  std::uint16_t port = 0;

  void accept() {
    const std::weak_ptr<State> weak = weak_from_this();
    net::accept_each(acceptor, weak, [weak](net::TcpSocket socket) {
      const auto self = weak.lock();
      if (!self) return;
      asio::co_spawn(self->call.executor(), carry(self, net::make_stream(std::move(socket))), asio::detached);
    });
  }

  static Awaitable<void> carry(std::shared_ptr<State> self, std::unique_ptr<net::ByteStream> client) {
    std::unique_ptr<net::ByteStream> server;
    try {
      server = co_await self->route->open_tcp(self->call, self->options.host, self->options.port, net::kConnectTimeout);
    } catch (const Error&) {
      // Who connected sees what a port without a server shows: a connection that ends at once.
      client->close();
      co_return;
    }
    net::ByteStream& ends = *client;
    const auto reaction = self->call.stop().on_stop([&ends] { ends.close(); });
    co_await net::relay(std::move(client), std::move(server));
  }
};

std::shared_ptr<Forward> Forward::open(Call& call, std::shared_ptr<net::Route> route, const ForwardOptions& options) {
  auto state = std::make_shared<State>(call, std::move(route), options);
  net::ErrorCode error;
  const auto address = asio::ip::make_address(options.local_host, error);
  if (error) {
    throw Error("usage.argument", "local_host is " + describe(Value(options.local_host)) +
                                      ", which is no address of this machine: give 127.0.0.1 or ::1");
  }
  const asio::ip::tcp::endpoint endpoint(address, options.local_port);
  state->acceptor.open(endpoint.protocol(), error);
  if (!error) state->acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) state->acceptor.bind(endpoint, error);
  if (!error) state->acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    throw Error("ssh.local_port", "cannot listen on port " + std::to_string(options.local_port) + " of " +
                                      options.local_host + ": " + net::words_of(error));
  }
  state->port = state->acceptor.local_endpoint().port();
  state->accept();
  return std::shared_ptr<Forward>(new Forward(std::move(state)));  // NOLINT(cppcoreguidelines-owning-memory): private
}

std::string Forward::subject() const {
  return "forward " + std::to_string(state_->port) + " to " + state_->options.host + ":" +
         std::to_string(state_->options.port) + " by " + state_->route->name();
}

std::int64_t Forward::port() const { return state_->port; }

void Forward::close() {
  net::ErrorCode ignored;
  state_->acceptor.close(ignored);
  state_->call.stop().stop(StopReason::cancelled);
}

}  // namespace opshost::ssh
