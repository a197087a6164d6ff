#pragma once
// One connection that speaks HTTP. It always has a read on its way, so the end of an idle one is noticed at once.
#include <memory>
#include <string>
#include <string_view>

#include "bindings/net/byte_stream.hpp"

namespace opshost::net {

class HttpConnection : public std::enable_shared_from_this<HttpConnection> {
 public:
  explicit HttpConnection(std::unique_ptr<ByteStream> stream);

  [[nodiscard]] ByteStream& stream() { return *stream_; }

  /// Begins to read ahead, at most kReadAhead bytes.
  void read_ahead();
  /// Nothing came and nothing ended since the last answer: it can carry another request.
  [[nodiscard]] bool is_fresh() const { return !ended_ && unread_.empty(); }

  /// What has come and was not consumed.
  [[nodiscard]] std::string_view unread() const { return std::string_view(unread_).substr(0, unread_.size()); }
  void consume(std::size_t bytes) { unread_.erase(0, bytes); }
  /// Waits for more than there is now; false at the end. Throws Failure(Obstacle::cut).
  Awaitable<bool> more();
  [[nodiscard]] bool ended() const { return ended_; }
  /// Why it ended, where it was no orderly end.
  [[nodiscard]] const ErrorCode& failure() const { return failure_; }

  void close() noexcept;

  static constexpr std::size_t kReadAhead = 64U << 10U;

 private:
  void arrived(const ErrorCode& error, std::size_t bytes);

  std::unique_ptr<ByteStream> stream_;
  std::string unread_;
  std::string incoming_;
  asio::steady_timer change_;
  ErrorCode failure_;
  bool reading_ = false;
  bool ended_ = false;
};

}  // namespace opshost::net
