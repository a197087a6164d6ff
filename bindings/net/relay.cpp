#include "bindings/net/relay.hpp"

#include <array>
#include <utility>

#include "host/base/error.hpp"

namespace opshost::net {

namespace {

struct Pair {
  std::unique_ptr<ByteStream> one;
  std::unique_ptr<ByteStream> other;
  void close() const {
    one->close();
    other->close();
  }
};

Awaitable<void> carry(std::shared_ptr<Pair> pair, ByteStream& from, ByteStream& to) {
  const auto buffer = std::make_unique<std::array<char, 32U * 1024U>>();
  try {
    for (;;) {
      const std::size_t size = co_await read_some(from, asio::buffer(*buffer));
      if (size == 0) break;
      co_await write_all(to, asio::buffer(buffer->data(), size));
    }
    to.end_writing();
  } catch (const Error&) {
    pair->close();  // both sides see a connection cut, as if nothing was between them
  }
}

}  // namespace

Awaitable<void> relay(std::unique_ptr<ByteStream> one, std::unique_ptr<ByteStream> other) {
  const auto pair = std::make_shared<Pair>(Pair{std::move(one), std::move(other)});
  const auto executor = co_await asio::this_coro::executor;
  asio::steady_timer back(executor, kNoDeadline);
  const auto done = std::make_shared<bool>(false);
  asio::co_spawn(executor, carry(pair, *pair->other, *pair->one), [&back, done](const std::exception_ptr&) {
    *done = true;
    back.cancel();
  });
  co_await carry(pair, *pair->one, *pair->other);
  boost::system::error_code woken;
  if (!*done) co_await back.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  pair->close();
}

}  // namespace opshost::net
