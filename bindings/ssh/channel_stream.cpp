#include "bindings/ssh/channel_stream.hpp"

#include <algorithm>
#include <utility>

namespace opshost::ssh {

namespace {

/// Outlives its stream while an operation is in progress.
class Pump : public std::enable_shared_from_this<Pump> {
 public:
  Pump(Channel channel, std::shared_ptr<void> keeps) : channel_(std::move(channel)), keeps_(std::move(keeps)) {}

  [[nodiscard]] const asio::any_io_executor& executor() const { return channel_.session().executor(); }

  void read(asio::mutable_buffer into, net::ByteStream::Done done) {
    asio::co_spawn(executor(), read_on(shared_from_this(), into, std::move(done)), asio::detached);
  }
  void write(asio::const_buffer from, net::ByteStream::Done done) {
    asio::co_spawn(executor(), write_on(shared_from_this(), from, std::move(done)), asio::detached);
  }

  void end_writing() {
    if (stop_.stopped() || channel_.session().is_lost()) return;
    // With a transport that takes everything it answers at once.
    channel_.session().note(libssh2_channel_send_eof(channel_.raw()));
  }

  void close() {
    stop_.stop(StopReason::cancelled);
    channel_.close();
  }

 private:
  static constexpr std::size_t kMostATime = 32U * 1024U;

  static Awaitable<void> read_on(std::shared_ptr<Pump> self, asio::mutable_buffer into, net::ByteStream::Done done) {
    Session& session = self->channel_.session();
    net::ErrorCode error;
    std::size_t size = 0;
    const auto attempt = [&]() -> long {
      if (self->stop_.stopped()) return 0;
      const auto answer = libssh2_channel_read(self->channel_.raw(), static_cast<char*>(into.data()), into.size());
      if (answer == 0 && libssh2_channel_eof(self->channel_.raw()) == 0) return LIBSSH2_ERROR_EAGAIN;
      return answer;
    };
    try {
      const long answer = co_await session.repeat(attempt, &self->stop_);
      if (answer > 0) size = static_cast<std::size_t>(answer);
      if (answer == 0) error = asio::error::eof;
      if (answer < 0) error = asio::error::connection_reset;
    } catch (const Error&) {
      error = asio::error::connection_reset;
    }
    if (self->stop_.stopped()) error = asio::error::operation_aborted;
    done(error, size);
  }

  static Awaitable<void> write_on(std::shared_ptr<Pump> self, asio::const_buffer from, net::ByteStream::Done done) {
    Session& session = self->channel_.session();
    net::ErrorCode error;
    std::size_t size = 0;
    const std::size_t wanted = std::min(from.size(), kMostATime);
    const auto attempt = [&]() -> long {
      if (self->stop_.stopped()) return LIBSSH2_ERROR_CHANNEL_CLOSED;
      if (!session.may_write()) return LIBSSH2_ERROR_EAGAIN;
      const auto answer = libssh2_channel_write(self->channel_.raw(), static_cast<const char*>(from.data()), wanted);
      return answer == 0 ? LIBSSH2_ERROR_EAGAIN : answer;
    };
    try {
      const long answer = co_await session.repeat(attempt, &self->stop_);
      if (answer > 0) size = static_cast<std::size_t>(answer);
      if (answer < 0) error = asio::error::broken_pipe;
    } catch (const Error&) {
      error = asio::error::connection_reset;
    }
    if (self->stop_.stopped()) error = asio::error::operation_aborted;
    done(error, size);
  }

  Channel channel_;
  std::shared_ptr<void> keeps_;
  StopToken stop_;
};

class ChannelStream final : public net::ByteStream {
 public:
  explicit ChannelStream(std::shared_ptr<Pump> pump) : pump_(std::move(pump)) {}
  ~ChannelStream() override { pump_->close(); }
  ChannelStream(const ChannelStream&) = delete;
  ChannelStream& operator=(const ChannelStream&) = delete;

  asio::any_io_executor executor() override { return pump_->executor(); }
  void read_some(asio::mutable_buffer into, Done done) override { pump_->read(into, std::move(done)); }
  void write_some(asio::const_buffer from, Done done) override { pump_->write(from, std::move(done)); }
  void end_writing() override { pump_->end_writing(); }
  void close() noexcept override { pump_->close(); }

 private:
  std::shared_ptr<Pump> pump_;
};

}  // namespace

std::unique_ptr<net::ByteStream> make_channel_stream(Channel channel, std::shared_ptr<void> keeps) {
  return std::make_unique<ChannelStream>(std::make_shared<Pump>(std::move(channel), std::move(keeps)));
}

}  // namespace opshost::ssh
