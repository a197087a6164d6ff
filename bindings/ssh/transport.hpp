#pragma once
// What carries the bytes of an SSH session: a TCP socket, or a stream through another host.
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "bindings/net/byte_stream.hpp"
#include "host/base/descriptor.hpp"
#include "host/fiber/asio.hpp"

namespace opshost::ssh {

/// `send` takes everything it is given and keeps what does not go out at once: libssh2 refuses every other packet while
/// one is half sent, so a full socket would tie all channels of the session together.
class Transport {
 public:
  Transport() = default;
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;
  virtual ~Transport() = default;

  /// As recv(2): bytes, 0 at the end, or a negative errno; -EAGAIN: call `watch`.
  virtual std::ptrdiff_t receive(std::span<char> buffer) = 0;
  /// All of it, or a negative errno once the connection is lost.
  virtual std::ptrdiff_t send(std::span<const char> bytes) = 0;
  /// Calls the listener when there is something to receive; once.
  virtual void watch() = 0;
  /// Bytes taken by `send` that have not gone out.
  [[nodiscard]] virtual std::size_t unsent() const = 0;
  /// The other side is gone and nothing of it is left to receive; takes nothing.
  [[nodiscard]] virtual bool at_end() = 0;
  virtual void close() = 0;

  /// `ready`: after `watch`, and whenever the unsent bytes have gone out. Set before the first use.
  void listen(std::function<void()> ready) { ready_ = std::move(ready); }

 protected:
  void tell() {
    if (ready_) ready_();
  }

 private:
  std::function<void()> ready_;
};

/// A connected, non-blocking TCP socket.
std::shared_ptr<Transport> make_socket_transport(const asio::any_io_executor& executor, Descriptor socket);
/// A stream of another host.
std::shared_ptr<Transport> make_stream_transport(std::unique_ptr<net::ByteStream> stream);

}  // namespace opshost::ssh
