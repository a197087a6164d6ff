#pragma once
// An HTTP/1.1 client for one endpoint: few kept connections, shared by all fibers.
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bindings/net/http_connection.hpp"
#include "bindings/net/http_parser.hpp"

namespace opshost::net {

class HttpClient;

/// One of the connections an endpoint's shared requests may use; given back when destroyed.
class HttpSlot {
 public:
  HttpSlot() = default;
  explicit HttpSlot(std::shared_ptr<HttpClient> client) : client_(std::move(client)) {}
  HttpSlot(HttpSlot&&) noexcept = default;
  HttpSlot& operator=(HttpSlot&& other) noexcept {
    std::swap(client_, other.client_);
    return *this;
  }
  ~HttpSlot();

 private:
  std::shared_ptr<HttpClient> client_;
};

/// An answer on its way. Dropping it before its end closes its connection.
class HttpAnswer {
 public:
  HttpAnswer(std::shared_ptr<HttpClient> client, HttpSlot slot, std::shared_ptr<HttpConnection> connection,
             HttpParser parser);
  ~HttpAnswer();
  HttpAnswer(const HttpAnswer&) = delete;
  HttpAnswer& operator=(const HttpAnswer&) = delete;

  [[nodiscard]] const HttpHead& head() const { return parser_.head(); }
  [[nodiscard]] unsigned status() const { return head().status; }

  /// The next piece of the body, at most about 64KiB; empty at its end. Throws Failure(cut), Error("net.protocol").
  Awaitable<std::string> read(Call& call);
  /// The rest of the body. Throws Error("net.too_large") beyond `limit` bytes.
  Awaitable<std::string> read_all(Call& call, std::uint64_t limit);
  /// After an upgrade: the connection, for both sides to send what they want. What came behind the head is unread.
  /// nullptr: the answer has ended, and with it our use of the connection.
  std::shared_ptr<HttpConnection> take_connection();

 private:
  /// At the connection's end the answer has to be at its end too.
  Awaitable<void> receive_more(HttpConnection& connection);
  void finish();

  std::shared_ptr<HttpClient> client_;
  HttpSlot slot_;
  std::shared_ptr<HttpConnection> connection_;
  HttpParser parser_;
};

class HttpClient : public std::enable_shared_from_this<HttpClient> {
 public:
  using Open = std::function<Awaitable<std::unique_ptr<ByteStream>>(Call&)>;
  struct Options {
    std::string host;  ///< the Host header
    Open open;         ///< a new connection to the endpoint
    /// A better exception than "connection lost" for how a connection ended; nullptr: there is none.
    std::function<std::exception_ptr(const ErrorCode&)> explain{};
    std::size_t sockets = 8;
  };

  explicit HttpClient(Options options) : options_(std::move(options)) {}
  /// A connection that is kept holds itself until it is closed.
  ~HttpClient() { close(); }
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  /// Sends a request and waits for the head of its answer.
  ///
  /// Throws what opening throws, Failure(cut) and Error("net.protocol"). Of a request that changes something such an
  /// error is maybe_applied from the first byte sent on. A kept connection that turns out dead before anything was
  /// answered is replaced once, for requests that observe or of which nothing was sent.
  Awaitable<std::unique_ptr<HttpAnswer>> send(Call& call, HttpRequest request);

  /// Closes what is idle; connections in use are not kept when they become idle.
  void close();
  /// Connections that carry nothing now.
  [[nodiscard]] std::size_t idle() const { return idle_.size(); }

 private:
  friend class HttpAnswer;
  friend class HttpSlot;
  struct Attempt;

  Awaitable<HttpSlot> slot(Call& call);
  void release_slot();
  std::shared_ptr<HttpConnection> take_idle();
  void keep(std::shared_ptr<HttpConnection> connection);
  Awaitable<std::shared_ptr<HttpConnection>> open(Call& call);
  Awaitable<void> transmit(Call& call, HttpConnection& connection, const HttpRequest& request, Attempt& attempt);
  Awaitable<void> transmit_body(Call& call, HttpConnection& connection, const HttpRequest& request, Attempt& attempt);
  Awaitable<void> write(HttpConnection& connection, std::string_view bytes, Attempt& attempt);
  Awaitable<HttpParser> receive(HttpConnection& connection, const HttpRequest& request, Attempt& attempt);
  [[nodiscard]] std::exception_ptr explained(std::exception_ptr failure, const HttpConnection& connection) const;

  Options options_;
  std::vector<std::shared_ptr<HttpConnection>> idle_;  ///< the latest used is last
  std::deque<std::shared_ptr<asio::steady_timer>> waiting_;
  std::size_t in_use_ = 0;
  bool keeps_ = true;
};

}  // namespace opshost::net
