#include "bindings/net/connect.hpp"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "bindings/net/failure.hpp"
#include "bindings/net/resolver.hpp"
#include "host/base/value.hpp"

namespace opshost::net {

namespace {

/// RFC 8305, section 5: "Connection Attempt Delay".
constexpr Duration kAttemptDelay = std::chrono::milliseconds(250);

/// Attempts at several addresses; the first connected socket wins.
class Race : public std::enable_shared_from_this<Race> {
 public:
  Race(asio::any_io_executor executor, std::vector<TcpEndpoint> endpoints)
      : executor_(std::move(executor)),
        endpoints_(std::move(endpoints)),
        next_(executor_),
        over_(executor_),
        limit_(executor_) {
    over_.expires_at(TimePoint::max());
  }

  void start(Duration connect_timeout) {
    limit_.expires_after(connect_timeout);
    limit_.async_wait([self = shared_from_this()](ErrorCode cancelled) {
      if (!cancelled) self->end();
    });
    attempt();
  }

  Awaitable<void> wait() {
    ErrorCode cancelled;
    if (!ended_) co_await over_.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
  }

  /// Ends it without a winner.
  void end() {
    ended_ = true;
    next_.cancel();
    limit_.cancel();
    over_.cancel();
    ErrorCode ignored;
    for (auto& attempt : attempts_) attempt->socket.close(ignored);
  }

  std::optional<TcpSocket> winner;

  struct Attempt {
    Attempt(const asio::any_io_executor& executor, TcpEndpoint endpoint)
        : socket(executor), endpoint(std::move(endpoint)) {}
    TcpSocket socket;
    TcpEndpoint endpoint;
    std::optional<ErrorCode> failed;
  };
  [[nodiscard]] const std::vector<std::shared_ptr<Attempt>>& attempts() const { return attempts_; }

 private:
  void attempt() {
    if (ended_ || attempts_.size() == endpoints_.size()) return;
    auto attempt = std::make_shared<Attempt>(executor_, endpoints_[attempts_.size()]);
    attempts_.push_back(attempt);
    attempt->socket.async_connect(
        attempt->endpoint, [self = shared_from_this(), attempt](ErrorCode error) { self->settled(*attempt, error); });
    if (attempts_.size() == endpoints_.size()) return;
    next_.expires_after(kAttemptDelay);
    next_.async_wait([self = shared_from_this()](ErrorCode cancelled) {
      if (!cancelled) self->attempt();
    });
  }

  void settled(Attempt& attempt, ErrorCode error) {
    if (ended_) return;
    if (!error) {
      winner.emplace(std::move(attempt.socket));
      end();
      return;
    }
    attempt.failed = error;
    if (std::all_of(attempts_.begin(), attempts_.end(), [](const auto& one) { return one->failed.has_value(); })) {
      if (attempts_.size() == endpoints_.size()) return end();
      this->attempt();
    }
  }

  asio::any_io_executor executor_;
  std::vector<TcpEndpoint> endpoints_;
  std::vector<std::shared_ptr<Attempt>> attempts_;
  asio::steady_timer next_;
  asio::steady_timer over_;
  asio::steady_timer limit_;
  bool ended_ = false;
};

std::string outcome_of(const Race::Attempt& attempt, Duration connect_timeout) {
  if (!attempt.failed) return "no answer within " + humanize_duration(connect_timeout);
  return words_of(*attempt.failed);
}

Obstacle obstacle_to(const Race::Attempt& attempt) {
  return attempt.failed ? obstacle_of(*attempt.failed) : Obstacle::silent;
}

/// "db1 port 3306: connection refused (10.0.0.7)", "db1 port 3306: 10.0.0.7: connection refused; fd00::7: no answer
/// within 10s"
[[noreturn]] void throw_unreachable(const std::string& host, std::uint16_t port, const Race& race,
                                    Duration connect_timeout) {
  std::string message = host + " port " + std::to_string(port) + ": ";
  const auto& attempts = race.attempts();
  if (attempts.size() == 1) {
    const auto address = attempts.front()->endpoint.address().to_string();
    message += outcome_of(*attempts.front(), connect_timeout);
    if (address != host) message += " (" + address + ")";
    throw Failure(obstacle_to(*attempts.front()), message);
  }
  for (const auto& attempt : attempts) {
    if (attempt != attempts.front()) message += "; ";
    message += attempt->endpoint.address().to_string() + ": " + outcome_of(*attempt, connect_timeout);
  }
  // A binding advises by the obstacle, so it has to be that of every address.
  const auto last = obstacle_to(*attempts.back());
  const bool same = std::all_of(attempts.begin(), attempts.end(),
                                [last](const auto& attempt) { return obstacle_to(*attempt) == last; });
  throw Failure(same ? last : Obstacle::other, message);
}

/// A machine that loses its power, or a network that is cut, says nothing: after 60 s without an answer to the kernel's
/// probes what waits on the connection ends. They are sent only where nothing else is unacknowledged. TCP_USER_TIMEOUT
/// is not set: it would also end a connection whose other side is only slow to read.
void watch_for_silence(TcpSocket& socket) {
  const auto set = [&socket](int level, int option, int value) {
    static_cast<void>(::setsockopt(socket.native_handle(), level, option, &value, sizeof(value)));
  };
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, 30);
  set(IPPROTO_TCP, TCP_KEEPINTVL, 10);
  set(IPPROTO_TCP, TCP_KEEPCNT, 3);
}

template <class Socket>
class SocketStream final : public ByteStream {
 public:
  explicit SocketStream(Socket socket) : socket_(std::move(socket)) {}

  asio::any_io_executor executor() override { return socket_.get_executor(); }
  void read_some(asio::mutable_buffer into, Done done) override { socket_.async_read_some(into, std::move(done)); }
  void write_some(asio::const_buffer from, Done done) override { socket_.async_write_some(from, std::move(done)); }
  void end_writing() override {
    ErrorCode shows_in_the_next_operation;
    socket_.shutdown(Socket::shutdown_send, shows_in_the_next_operation);
  }
  void close() noexcept override {
    ErrorCode ignored;
    socket_.close(ignored);
  }

 private:
  Socket socket_;
};

}  // namespace

Awaitable<TcpSocket> connect_tcp(Call& call, std::string host, std::uint16_t port, Duration connect_timeout) {
  auto endpoints = co_await resolve(call, host, port);
  if (call.stop().stopped()) {
    throw Failure(Obstacle::silent, host + " port " + std::to_string(port) + ": stopped before it was tried");
  }
  const auto race = std::make_shared<Race>(call.executor(), std::move(endpoints));
  const auto stopped = call.stop().on_stop([&race] { race->end(); });
  call.saw("connecting to " + host + " port " + std::to_string(port));
  race->start(connect_timeout);
  co_await race->wait();
  if (!race->winner) throw_unreachable(host, port, *race, connect_timeout);
  ErrorCode ignored;
  race->winner->set_option(asio::ip::tcp::no_delay(true), ignored);
  watch_for_silence(*race->winner);
  co_return std::move(*race->winner);
}

Awaitable<asio::local::stream_protocol::socket> connect_unix(Call& call, std::string path) {
  using Protocol = asio::local::stream_protocol;
  const auto shown = describe(Value(path));
  if (path.size() >= sizeof(sockaddr_un::sun_path)) {
    throw Failure(Obstacle::absent, shown + " is longer than the path of a Unix socket can be (107 bytes)");
  }
  Protocol::socket socket(call.executor());
  const auto stopped = call.stop().on_stop([&socket] {
    ErrorCode ignored;
    socket.close(ignored);
  });
  ErrorCode error;
  co_await socket.async_connect(Protocol::endpoint(path), asio::redirect_error(asio::use_awaitable, error));
  if (error) throw Failure(obstacle_of(error), shown + ": " + words_of(error));
  co_return std::move(socket);
}

std::unique_ptr<ByteStream> make_stream(TcpSocket socket) {
  return std::make_unique<SocketStream<TcpSocket>>(std::move(socket));
}

std::unique_ptr<ByteStream> make_stream(asio::local::stream_protocol::socket socket) {
  return std::make_unique<SocketStream<asio::local::stream_protocol::socket>>(std::move(socket));
}

}  // namespace opshost::net
