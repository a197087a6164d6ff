// Opening connections: names, addresses in order, what stands in the way.
#include "bindings/net/connect.hpp"

#include <doctest/doctest.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>

#include "bindings/net/failure.hpp"
#include "bindings/net/resolver.hpp"
#include "bindings/net/route.hpp"
#include "tests/unit/fake_call.hpp"

namespace opshost::net {

namespace {

using namespace std::chrono_literals;
using test::Loop;
using Acceptor = asio::ip::tcp::acceptor;

Acceptor listen_on(Loop& loop, const char* address) {
  return Acceptor(loop.context, TcpEndpoint(asio::ip::make_address(address), 0));
}

template <class Act>
Failure failure_of(const Act& act) {
  try {
    act();
  } catch (const Failure& failure) {
    return failure;
  }
  FAIL("nothing was thrown");
  return {Obstacle::other, ""};
}

/// A port nothing listens on: bound once and given back.
std::uint16_t free_port(Loop& loop) { return listen_on(loop, "127.0.0.1").local_endpoint().port(); }

/// A listener whose queue is full: a connection to it is neither taken nor refused.
class SilentListener {
 public:
  explicit SilentListener(Loop& loop) : acceptor_(loop.context), filler_(loop.context) {
    const TcpEndpoint any(asio::ip::make_address("127.0.0.1"), 0);
    acceptor_.open(any.protocol());
    acceptor_.bind(any);
    acceptor_.listen(0);
    filler_.connect(acceptor_.local_endpoint());
  }
  [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

 private:
  Acceptor acceptor_;
  TcpSocket filler_;
};

}  // namespace

TEST_CASE("numeric addresses are taken as they are, in brackets too") {
  Loop loop;
  CHECK(loop.run(resolve(loop.call(), "127.9.0.1", 22)).front() ==
        TcpEndpoint(asio::ip::make_address("127.9.0.1"), 22));
  CHECK(loop.run(resolve(loop.call(), "[::1]", 80)).front() == TcpEndpoint(asio::ip::make_address("::1"), 80));
}

TEST_CASE("localhost needs no name server") {
  Loop loop;
  const auto endpoints = loop.run(resolve(loop.call(), "localhost", 5));
  REQUIRE_FALSE(endpoints.empty());
  for (const auto& endpoint : endpoints) {
    CHECK(endpoint.address().is_loopback());
    CHECK(endpoint.port() == 5);
  }
}

TEST_CASE("a stopped question ends at once, whoever was asked") {
  Loop loop;
  auto& call = loop.call();
  Loop::Outcome<std::vector<TcpEndpoint>> outcome;
  loop.spawn(resolve(call, "host.invalid", 1), outcome);
  loop.after(1ms, [&call] { call.stop().stop(StopReason::timeout); });
  loop.run_until([&outcome] { return outcome.done; });
  CHECK_THROWS_AS(outcome.take(), Failure);
}

TEST_CASE("bytes go both ways, and the end of writing is seen as the end") {
  Loop loop;
  auto acceptor = listen_on(loop, "127.0.0.1");
  auto near_socket = loop.run(connect_tcp(loop.call(), "127.0.0.1", acceptor.local_endpoint().port()));
  const auto far = make_stream(acceptor.accept());
  const auto near = make_stream(std::move(near_socket));
  std::array<char, 16> bytes{};
  loop.run(write_all(*near, asio::buffer("ping", 4)));
  CHECK(loop.run(read_some(*far, asio::buffer(bytes))) == 4);
  CHECK(std::string(bytes.data(), 4) == "ping");
  near->end_writing();
  CHECK(loop.run(read_some(*far, asio::buffer(bytes))) == 0);
  loop.run(write_all(*far, asio::buffer("pong", 4)));
  CHECK(loop.run(read_some(*near, asio::buffer(bytes))) == 4);
}

TEST_CASE("the kernel looks whether the other machine is still there") {
  Loop loop;
  auto acceptor = listen_on(loop, "127.0.0.1");
  auto socket = loop.run(connect_tcp(loop.call(), "127.0.0.1", acceptor.local_endpoint().port()));
  const auto option = [&socket](int level, int name) {
    int value = 0;
    socklen_t size = sizeof(value);
    REQUIRE(::getsockopt(socket.native_handle(), level, name, &value, &size) == 0);
    return value;
  };
  CHECK(option(SOL_SOCKET, SO_KEEPALIVE) != 0);
  CHECK(option(IPPROTO_TCP, TCP_KEEPIDLE) == 30);
  CHECK(option(IPPROTO_TCP, TCP_KEEPINTVL) == 10);
  CHECK(option(IPPROTO_TCP, TCP_KEEPCNT) == 3);
}

TEST_CASE("nobody listens there") {
  Loop loop;
  const auto port = free_port(loop);
  const auto failure = failure_of([&] { loop.run(connect_tcp(loop.call(), "127.0.0.1", port)); });
  CHECK(failure.obstacle() == Obstacle::refused);
  CHECK(failure.message() == "127.0.0.1 port " + std::to_string(port) + ": connection refused");
  const auto error = failure.as("ssh", "root@127.0.0.1");
  CHECK(error.code() == "ssh.unreachable");
  CHECK(error.target() == "root@127.0.0.1");
  CHECK(error.is_retryable());
}

TEST_CASE("an address that says nothing is given up after connect_timeout") {
  Loop loop;
  const SilentListener listener(loop);
  const auto failure = failure_of([&] { loop.run(connect_tcp(loop.call(), "127.0.0.1", listener.port(), 50ms)); });
  CHECK(failure.obstacle() == Obstacle::silent);
  CHECK(failure.message() == "127.0.0.1 port " + std::to_string(listener.port()) + ": no answer within 50ms");
}

TEST_CASE("a stopped call leaves a silent address at once") {
  Loop loop;
  const SilentListener listener(loop);
  auto& call = loop.call();
  Loop::Outcome<TcpSocket> outcome;
  loop.spawn(connect_tcp(call, "127.0.0.1", listener.port(), 50s), outcome);
  loop.after(1ms, [&call] { call.stop().stop(StopReason::cancelled); });
  loop.run_until([&outcome] { return outcome.done; });
  CHECK_THROWS_AS(outcome.take(), Failure);
}

TEST_CASE("a call that was stopped before it began tries nothing") {
  Loop loop;
  auto& call = loop.call();
  call.stop().stop(StopReason::deadline);
  const auto failure = failure_of([&] { loop.run(connect_tcp(call, "127.0.0.1", 1)); });
  CHECK(failure.obstacle() == Obstacle::silent);
  CHECK(failure.message() == "127.0.0.1 port 1: stopped before it was tried");
}

TEST_CASE("a Unix socket that is not there, is a plain file, or has too long a name") {
  Loop loop;
  std::string folder = "/tmp/opshost-net-XXXXXX";
  REQUIRE(mkdtemp(folder.data()) != nullptr);
  const auto path = folder + "/engine.sock";
  auto failure = failure_of([&] { loop.run(connect_unix(loop.call(), path)); });
  CHECK(failure.obstacle() == Obstacle::absent);
  CHECK(failure.message() == "\"" + path + "\": no such file or directory");
  {
    const asio::local::stream_protocol::acceptor gone(loop.context, asio::local::stream_protocol::endpoint(path));
  }
  failure = failure_of([&] { loop.run(connect_unix(loop.call(), path)); });
  CHECK(failure.obstacle() == Obstacle::refused);
  failure = failure_of([&] { loop.run(connect_unix(loop.call(), "/" + std::string(200, 'x'))); });
  CHECK(failure.obstacle() == Obstacle::absent);
  std::filesystem::remove_all(folder);
}

TEST_CASE("closing a stream ends what waits on it") {
  Loop loop;
  auto acceptor = listen_on(loop, "127.0.0.1");
  const auto route = direct_route();
  const auto stream =
      loop.run(route->open_tcp(loop.call(), "127.0.0.1", acceptor.local_endpoint().port(), kConnectTimeout));
  const auto far = acceptor.accept();
  auto& call = loop.call();
  const auto reaction = close_on_stop(call, *stream);
  std::array<char, 16> bytes{};
  Loop::Outcome<std::size_t> outcome;
  loop.spawn(read_some(*stream, asio::buffer(bytes)), outcome);
  loop.after(1ms, [&call] { call.stop().stop(StopReason::interrupted); });
  loop.run_until([&outcome] { return outcome.done; });
  CHECK_THROWS_AS(outcome.take(), Failure);
}

}  // namespace opshost::net
