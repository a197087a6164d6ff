// A session inside a stream of another host: what `via` means.
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "bindings/net/byte_stream.hpp"
#include "bindings/ssh/transport.hpp"

namespace opshost::ssh {

namespace {

class StreamTransport final : public Transport, public std::enable_shared_from_this<StreamTransport> {
 public:
  explicit StreamTransport(std::unique_ptr<net::ByteStream> stream) : stream_(std::move(stream)) {}

  std::ptrdiff_t receive(std::span<char> buffer) override {
    if (used_ < filled_) {
      const std::size_t size = std::min(buffer.size(), filled_ - used_);
      std::memcpy(buffer.data(), input_.data() + used_, size);
      used_ += size;
      return static_cast<std::ptrdiff_t>(size);
    }
    if (ended_) return ended_ == asio::error::eof ? 0 : -ECONNRESET;
    return -EAGAIN;
  }

  std::ptrdiff_t send(std::span<const char> bytes) override {
    if (ended_) return -ECONNRESET;
    unsent_.append(bytes.data(), bytes.size());
    write_on();
    return static_cast<std::ptrdiff_t>(bytes.size());
  }

  void watch() override {
    if (reading_ || used_ < filled_ || ended_) return;
    reading_ = true;
    stream_->read_some(asio::buffer(input_), [self = shared_from_this()](net::ErrorCode error, std::size_t size) {
      self->reading_ = false;
      self->used_ = 0;
      self->filled_ = size;
      if (error) self->ended_ = error;
      self->tell();
    });
  }

  [[nodiscard]] std::size_t unsent() const override { return unsent_.size() + writing_.size(); }
  [[nodiscard]] bool at_end() override { return used_ == filled_ && ended_; }

  void close() override {
    if (!std::exchange(closed_, true)) stream_->close();
    if (!ended_) ended_ = asio::error::operation_aborted;
    unsent_.clear();
  }

 private:
  void write_on() {
    if (!writing_.empty() || unsent_.empty()) return;
    writing_ = std::exchange(unsent_, {});
    written_ = 0;
    write_rest();
  }

  void write_rest() {
    const asio::const_buffer rest(writing_.data() + written_, writing_.size() - written_);
    stream_->write_some(rest, [self = shared_from_this()](net::ErrorCode error, std::size_t size) {
      self->written_ += size;
      if (error && !self->ended_) self->ended_ = error;
      if (!self->ended_ && self->written_ < self->writing_.size()) return self->write_rest();
      self->writing_.clear();
      if (!self->ended_) self->write_on();
      self->tell();
    });
  }

  std::unique_ptr<net::ByteStream> stream_;
  std::array<char, 32U * 1024U> input_{};
  std::size_t used_ = 0;
  std::size_t filled_ = 0;
  std::string unsent_;
  std::string writing_;
  std::size_t written_ = 0;
  net::ErrorCode ended_;
  bool reading_ = false;
  bool closed_ = false;
};

}  // namespace

std::shared_ptr<Transport> make_stream_transport(std::unique_ptr<net::ByteStream> stream) {
  return std::make_shared<StreamTransport>(std::move(stream));
}

}  // namespace opshost::ssh
