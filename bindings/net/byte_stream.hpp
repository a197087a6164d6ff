#pragma once
// A connection that carries bytes both ways, whatever is underneath: TCP, a Unix socket, TLS, a channel of an SSH
// connection. AnyStream shows one to Asio and Beast.
#include <boost/asio/async_result.hpp>
#include <boost/asio/buffer.hpp>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "host/fiber/call.hpp"

namespace opshost::net {

using ErrorCode = boost::system::error_code;

/// Belongs to the loop's thread. At most one read and one write are in progress at a time.
class ByteStream {
 public:
  /// Called once, never from within the call that began it.
  using Done = std::function<void(ErrorCode, std::size_t)>;

  ByteStream() = default;
  ByteStream(const ByteStream&) = delete;
  ByteStream& operator=(const ByteStream&) = delete;
  virtual ~ByteStream() = default;

  [[nodiscard]] virtual asio::any_io_executor executor() = 0;
  /// At least one byte, or asio::error::eof at the end of what the other side sends.
  virtual void read_some(asio::mutable_buffer into, Done done) = 0;
  /// At least one byte of a buffer that is not empty.
  virtual void write_some(asio::const_buffer from, Done done) = 0;
  /// Tells the other side that nothing more comes; reading goes on. Errors show in the next operation.
  virtual void end_writing() = 0;
  /// Ends both directions at once, without waiting for anybody: what is in progress is done with operation_aborted.
  virtual void close() noexcept = 0;
};

/// What `call` waits for ends when the call is stopped: the stream is closed then.
[[nodiscard]] StopToken::Reaction close_on_stop(Call& call, ByteStream& stream);

/// Waits for at least one byte; 0 at the end. Throws Failure(Obstacle::cut).
Awaitable<std::size_t> read_some(ByteStream& stream, asio::mutable_buffer into);
/// Waits until everything is written. Throws Failure(Obstacle::cut).
Awaitable<void> write_all(ByteStream& stream, asio::const_buffer from);

/// A ByteStream as Asio's AsyncReadStream and AsyncWriteStream. Owns it; movable.
class AnyStream {
 public:
  using executor_type = asio::any_io_executor;
  using lowest_layer_type = AnyStream;

  explicit AnyStream(std::unique_ptr<ByteStream> stream) : stream_(std::move(stream)) {}

  [[nodiscard]] executor_type get_executor() { return stream_->executor(); }
  [[nodiscard]] lowest_layer_type& lowest_layer() { return *this; }
  [[nodiscard]] ByteStream& bytes() { return *stream_; }

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return asio::async_initiate<Token, void(ErrorCode, std::size_t)>(
        [this](auto handler, asio::mutable_buffer into) {
          stream_->read_some(into, finish(stream_->executor(), std::move(handler)));
        },
        token, asio::mutable_buffer(*asio::buffer_sequence_begin(buffers)));
  }
  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return asio::async_initiate<Token, void(ErrorCode, std::size_t)>(
        [this](auto handler, asio::const_buffer from) {
          stream_->write_some(from, finish(stream_->executor(), std::move(handler)));
        },
        token, first_not_empty(buffers));
  }

 private:
  /// Beast writes sequences whose first buffers may be empty: writing nothing would look like progress for ever.
  template <class Buffers>
  static asio::const_buffer first_not_empty(const Buffers& buffers) {
    for (auto buffer = asio::buffer_sequence_begin(buffers); buffer != asio::buffer_sequence_end(buffers); ++buffer) {
      if (const asio::const_buffer found(*buffer); found.size() > 0) return found;
    }
    return {};
  }
  /// std::function copies, Asio's handlers only move.
  template <class Handler>
  static ByteStream::Done finish(const asio::any_io_executor& executor, Handler handler) {
    auto kept = std::make_shared<Handler>(std::move(handler));
    return [kept = std::move(kept), executor](ErrorCode error, std::size_t bytes) {
      auto& last = *kept;
      asio::dispatch(asio::get_associated_executor(last, executor),
                     [last = std::move(last), error, bytes]() mutable { std::move(last)(error, bytes); });
    };
  }

  std::unique_ptr<ByteStream> stream_;
};

}  // namespace opshost::net
