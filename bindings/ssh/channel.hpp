#pragma once
// One channel of a session; closed with its owner.
#include <memory>
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

}  // namespace opshost::ssh
