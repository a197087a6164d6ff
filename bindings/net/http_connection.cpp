#include "bindings/net/http_connection.hpp"

#include <boost/asio/error.hpp>
#include <utility>

#include "bindings/net/failure.hpp"

namespace opshost::net {

HttpConnection::HttpConnection(std::unique_ptr<ByteStream> stream)
    : stream_(std::move(stream)), change_(stream_->executor(), TimePoint::max()) {}

void HttpConnection::read_ahead() {
  if (reading_ || ended_ || unread_.size() >= kReadAhead) return;
  reading_ = true;
  incoming_.resize(kReadAhead);
  stream_->read_some(asio::buffer(incoming_),
                     [self = shared_from_this()](ErrorCode error, std::size_t bytes) { self->arrived(error, bytes); });
}

void HttpConnection::arrived(const ErrorCode& error, std::size_t bytes) {
  reading_ = false;
  if (error) {
    ended_ = true;
    if (error != asio::error::eof) failure_ = error;
  } else if (unread_.empty()) {
    incoming_.resize(bytes);
    unread_.swap(incoming_);
  } else {
    unread_.append(incoming_, 0, bytes);
  }
  change_.cancel();
}

Awaitable<bool> HttpConnection::more() {
  const std::size_t before = unread_.size();
  while (unread_.size() == before && !ended_) {
    read_ahead();
    ErrorCode woken;
    co_await change_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  }
  if (unread_.size() > before) co_return true;
  if (failure_) throw Failure(Obstacle::cut, "the connection was lost: " + words_of(failure_));
  co_return false;
}

void HttpConnection::close() noexcept { stream_->close(); }

}  // namespace opshost::net
