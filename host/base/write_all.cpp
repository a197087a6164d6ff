#include "host/base/write_all.hpp"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>

namespace opshost {

namespace {

/// Keeps SIGPIPE from this thread, and takes away the one a write in between has raised. The process's disposition
/// stays as it is: children inherit it.
class WithoutSigpipe {
 public:
  WithoutSigpipe() noexcept {
    sigset_t pending;
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) == 1;
    sigemptyset(&sigpipe_);
    sigaddset(&sigpipe_, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &sigpipe_, &before_);
  }
  ~WithoutSigpipe() {
    const int saved = errno;
    if (!was_pending_) take_pending();
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    errno = saved;
  }
  WithoutSigpipe(const WithoutSigpipe&) = delete;
  WithoutSigpipe& operator=(const WithoutSigpipe&) = delete;

 private:
  void take_pending() const noexcept {
    const timespec at_once{};
    while (sigtimedwait(&sigpipe_, nullptr, &at_once) < 0 && errno == EINTR) {
    }
  }

  sigset_t sigpipe_{};
  sigset_t before_{};
  bool was_pending_ = false;
};

/// False where waiting makes no sense.
bool wait_until_writable(int descriptor) {
  pollfd wanted{.fd = descriptor, .events = POLLOUT, .revents = 0};
  return poll(&wanted, 1, -1) >= 0 || errno == EINTR;
}

template <class Write>
int write_while_taken(std::string_view& text, Write write_some) {
  while (!text.empty()) {
    const ssize_t written = write_some(text);
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      return 0;
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

}  // namespace

int write_available(int descriptor, std::string_view& text) noexcept {
  const WithoutSigpipe guard;
  return write_while_taken(text, [&](std::string_view rest) { return write(descriptor, rest.data(), rest.size()); });
}

int send_available(int socket, std::string_view& text) noexcept {
  return write_while_taken(
      text, [&](std::string_view rest) { return send(socket, rest.data(), rest.size(), MSG_DONTWAIT | MSG_NOSIGNAL); });
}

int write_file(int descriptor, std::string_view text) noexcept {
  const int error =
      write_while_taken(text, [&](std::string_view rest) { return write(descriptor, rest.data(), rest.size()); });
  return error == 0 && !text.empty() ? EAGAIN : error;
}

int write_all(int descriptor, std::string_view text) noexcept {
  while (true) {
    if (const int error = write_available(descriptor, text); error != 0) return error;
    if (text.empty()) return 0;
    if (!wait_until_writable(descriptor)) return errno;
  }
}

}  // namespace opshost
