#include "bindings/net/byte_stream.hpp"

#include <boost/asio/error.hpp>

#include "bindings/net/failure.hpp"

namespace opshost::net {

namespace {

struct Transfer {
  ErrorCode error;
  std::size_t bytes = 0;
};

[[noreturn]] void throw_cut(const ErrorCode& error) {
  throw Failure(Obstacle::cut, "the connection was lost: " + words_of(error));
}

template <class Begin>
Awaitable<Transfer> transfer(Begin begin) {
  Transfer result;
  auto token = asio::redirect_error(asio::use_awaitable, result.error);
  const auto initiate = [begin](auto handler) {
    auto kept = std::make_shared<decltype(handler)>(std::move(handler));
    begin([kept](ErrorCode error, std::size_t bytes) { std::move (*kept)(error, bytes); });
  };
  result.bytes = co_await asio::async_initiate<decltype(token), void(ErrorCode, std::size_t)>(initiate, token);
  co_return result;
}

}  // namespace

StopToken::Reaction close_on_stop(Call& call, ByteStream& stream) {
  return call.stop().on_stop([&stream] { stream.close(); });
}

Awaitable<std::size_t> read_some(ByteStream& stream, asio::mutable_buffer into) {
  const auto result = co_await transfer([&](ByteStream::Done done) { stream.read_some(into, std::move(done)); });
  if (result.error == asio::error::eof) co_return 0;
  if (result.error) throw_cut(result.error);
  co_return result.bytes;
}

Awaitable<void> write_all(ByteStream& stream, asio::const_buffer from) {
  while (from.size() > 0) {
    const auto result = co_await transfer([&](ByteStream::Done done) { stream.write_some(from, std::move(done)); });
    if (result.error) throw_cut(result.error);
    from += result.bytes;
  }
}

}  // namespace opshost::net
