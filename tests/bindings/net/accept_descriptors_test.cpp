// Taking connections: one after the other, over times without a free descriptor.
#include "bindings/net/accept_loop.hpp"

#include <doctest/doctest.h>
#include <sys/resource.h>

#include <memory>
#include <vector>

#include "bindings/net/connect.hpp"
#include "bindings/net/resolver.hpp"
#include "tests/unit/fake_call.hpp"

namespace opshost::net {

namespace {

using namespace std::chrono_literals;
using test::Loop;

struct Listener {
  explicit Listener(Loop& loop) : acceptor(loop.context, TcpEndpoint(asio::ip::address_v4::loopback(), 0)) {}
  asio::ip::tcp::acceptor acceptor;
  std::vector<TcpSocket> taken;
};

void accept_all(const std::shared_ptr<Listener>& listener) {
  auto* here = listener.get();
  accept_each(here->acceptor, listener, [here](TcpSocket socket) { here->taken.push_back(std::move(socket)); });
}

/// No further descriptor can be opened while it lives.
class NoDescriptorsLeft {
 public:
  NoDescriptorsLeft() {
    getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit none{0, before_.rlim_max};
    setrlimit(RLIMIT_NOFILE, &none);
  }
  ~NoDescriptorsLeft() { setrlimit(RLIMIT_NOFILE, &before_); }
  NoDescriptorsLeft(const NoDescriptorsLeft&) = delete;
  NoDescriptorsLeft& operator=(const NoDescriptorsLeft&) = delete;

 private:
  rlimit before_{};
};

}  // namespace

TEST_CASE("each connection is taken, until the acceptor is closed") {
  Loop loop;
  const auto listener = std::make_shared<Listener>(loop);
  accept_all(listener);
  TcpSocket first(loop.context);
  TcpSocket second(loop.context);
  first.connect(listener->acceptor.local_endpoint());
  second.connect(listener->acceptor.local_endpoint());
  loop.run_until([&] { return listener->taken.size() == 2; });
  listener->acceptor.close();
  loop.context.poll();
  CHECK(listener->taken.size() == 2);
}

TEST_CASE("without a free descriptor a connection waits, and is taken once there is one") {
  Loop loop;
  const auto listener = std::make_shared<Listener>(loop);
  TcpSocket client(loop.context);
  client.connect(listener->acceptor.local_endpoint());
  {
    const NoDescriptorsLeft none;
    accept_all(listener);
    // Longer than the pause: it tries more than once.
    asio::steady_timer tries(loop.context, 3 * kAcceptPause);
    bool tried = false;
    tries.async_wait([&](ErrorCode) { tried = true; });
    loop.run_until([&] { return tried; });
    CHECK(listener->taken.empty());
  }
  loop.run_until([&] { return listener->taken.size() == 1; });
}

TEST_CASE("a listener that is gone takes nothing, in its pause neither") {
  Loop loop;
  auto listener = std::make_shared<Listener>(loop);
  TcpSocket client(loop.context);
  client.connect(listener->acceptor.local_endpoint());
  const NoDescriptorsLeft none;
  accept_all(listener);
  loop.context.run_one();
  listener->acceptor.close();
  listener.reset();
  loop.context.run();
  CHECK(loop.context.stopped());
}

}  // namespace opshost::net
