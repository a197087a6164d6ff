#pragma once
// One channel of a session; closed with its owner.
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "bindings/ssh/session.hpp"

namespace opshost::ssh {

class Channel {
 public:
  Channel() = default;
  Channel(std::shared_ptr<Session> session, LIBSSH2_CHANNEL* raw) : session_(std::move(session)), raw_(raw) {}
  Channel(Channel&& other) noexcept : session_(std::move(other.session_)), raw_(std::exchange(other.raw_, nullptr)) {}
  Channel& operator=(Channel&& other) noexcept {
    if (this == &other) return *this;
    close();
    session_ = std::move(other.session_);
    raw_ = std::exchange(other.raw_, nullptr);
    return *this;
  }
  ~Channel() { close(); }

  [[nodiscard]] Session& session() const { return *session_; }
  [[nodiscard]] const std::shared_ptr<Session>& shared_session() const { return session_; }
  [[nodiscard]] LIBSSH2_CHANNEL* raw() const { return raw_; }
  explicit operator bool() const { return raw_ != nullptr; }
  /// Waits for nobody.
  void close() noexcept {
    if (raw_ != nullptr) session_->dispose(std::exchange(raw_, nullptr));
  }

 private:
  std::shared_ptr<Session> session_;
  LIBSSH2_CHANNEL* raw_ = nullptr;
};

/// Asks for something on a channel, until the server has answered: libssh2's answer. A stopped call throws
/// Error("cancelled") and leaves the channel, emptied, to the request: an answer that comes late would be taken for one
/// to the next request.
Awaitable<long> request_on(Channel& channel, std::function<long(LIBSSH2_CHANNEL*)> ask, StopToken& stop);
/// A command, or a subsystem.
inline Awaitable<long> request_startup(Channel& channel, std::string kind, std::string line, StopToken& stop) {
  return request_on(
      channel,
      [kind = std::move(kind), line = std::move(line)](LIBSSH2_CHANNEL* raw) -> long {
        return libssh2_channel_process_startup(raw, kind.data(), static_cast<unsigned>(kind.size()), line.data(),
                                               static_cast<unsigned>(line.size()));
      },
      stop);
}

}  // namespace opshost::ssh
