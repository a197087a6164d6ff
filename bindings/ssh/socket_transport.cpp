#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "bindings/ssh/transport.hpp"

namespace opshost::ssh {

namespace {

class SocketTransport final : public Transport, public std::enable_shared_from_this<SocketTransport> {
 public:
  SocketTransport(const asio::any_io_executor& executor, Descriptor socket) : socket_(executor, socket.release()) {
    const int yes = 1;
    setsockopt(socket_.native_handle(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  }

  std::ptrdiff_t receive(std::span<char> buffer) override {
    if (ahead_size_ > ahead_used_) return take_ahead(buffer);
    if (!socket_.is_open()) return -ENOTCONN;
    // libssh2 asks for the banner byte by byte.
    if (buffer.size() > 1) return receive_into(buffer);
    const std::ptrdiff_t size = receive_into(ahead_);
    if (size <= 0) return size;
    ahead_used_ = 0;
    ahead_size_ = static_cast<std::size_t>(size);
    return take_ahead(buffer);
  }

  std::ptrdiff_t send(std::span<const char> bytes) override {
    if (!socket_.is_open()) return -ENOTCONN;
    std::size_t sent = 0;
    if (unsent_.empty()) {
      const auto size = ::send(socket_.native_handle(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (size < 0 && errno != EAGAIN && errno != EINTR) return -errno;
      sent = size < 0 ? 0 : static_cast<std::size_t>(size);
    }
    if (sent < bytes.size()) {
      unsent_.append(bytes.data() + sent, bytes.size() - sent);
      watch_writable();
    }
    return static_cast<std::ptrdiff_t>(bytes.size());
  }

  void watch() override {
    if (watching_ || !socket_.is_open()) return;
    watching_ = true;
    socket_.async_wait(asio::posix::stream_descriptor::wait_read,
                       [weak = weak_from_this()](const boost::system::error_code& error) {
                         const auto self = weak.lock();
                         if (!self || error) return;
                         self->watching_ = false;
                         self->tell();
                       });
  }

  [[nodiscard]] std::size_t unsent() const override { return unsent_.size(); }

  [[nodiscard]] bool at_end() override {
    if (!socket_.is_open()) return true;
    char byte = 0;
    const auto size = recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR);
  }

  void close() override {
    boost::system::error_code ignored;
    socket_.close(ignored);
    unsent_.clear();
  }

 private:
  std::ptrdiff_t receive_into(std::span<char> buffer) {
    // Without it the server's answer waits up to 40 ms for our delayed acknowledgement of its last one. The kernel
    // forgets it after each answer.
    const int yes = 1;
    setsockopt(socket_.native_handle(), IPPROTO_TCP, TCP_QUICKACK, &yes, sizeof yes);
    const auto size = recv(socket_.native_handle(), buffer.data(), buffer.size(), 0);
    if (size >= 0) return size;
    return errno == EINTR ? -EAGAIN : -errno;
  }

  std::ptrdiff_t take_ahead(std::span<char> buffer) {
    const std::size_t size = std::min(buffer.size(), ahead_size_ - ahead_used_);
    std::memcpy(buffer.data(), ahead_.data() + ahead_used_, size);
    ahead_used_ += size;
    return static_cast<std::ptrdiff_t>(size);
  }

  void watch_writable() {
    if (watching_writable_) return;
    watching_writable_ = true;
    socket_.async_wait(asio::posix::stream_descriptor::wait_write,
                       [weak = weak_from_this()](const boost::system::error_code& error) {
                         const auto self = weak.lock();
                         if (!self || error) return;
                         self->watching_writable_ = false;
                         self->send_rest();
                       });
  }

  void send_rest() {
    const auto size = ::send(socket_.native_handle(), unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
    if (size < 0 && errno != EAGAIN && errno != EINTR) {
      unsent_.clear();  // the next receive says why
    } else if (size > 0) {
      unsent_.erase(0, static_cast<std::size_t>(size));
    }
    if (!unsent_.empty()) watch_writable();
    tell();
  }

  asio::posix::stream_descriptor socket_;
  std::string unsent_;
  std::array<char, 256> ahead_{};
  std::size_t ahead_used_ = 0;
  std::size_t ahead_size_ = 0;
  bool watching_ = false;
  bool watching_writable_ = false;
};

}  // namespace

std::shared_ptr<Transport> make_socket_transport(const asio::any_io_executor& executor, Descriptor socket) {
  return std::make_shared<SocketTransport>(executor, std::move(socket));
}

}  // namespace opshost::ssh
