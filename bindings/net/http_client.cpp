#include "bindings/net/http_client.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "bindings/net/failure.hpp"
#include "host/base/size.hpp"

namespace opshost::net {

/// How far a request came on one connection.
struct HttpClient::Attempt {
  bool reused = false;    ///< the connection carried others before
  bool sent = false;      ///< a byte of it was taken by the connection
  bool answered = false;  ///< a byte of its answer has come
};

namespace {

/// How long a slow request counts among those that share the connections.
constexpr Duration kPatience = std::chrono::seconds(1);

/// Keeps the type of what is thrown.
[[noreturn]] void throw_with_doubt(const std::exception_ptr& failure, bool maybe_applied) {
  try {
    std::rethrow_exception(failure);
  } catch (Error& error) {
    error.set_maybe_applied(maybe_applied);
    throw;
  }
}

std::string chunk_of(const std::string& piece) {
  std::array<char, 20> digits{};
  const auto* end = std::to_chars(digits.begin(), digits.end(), piece.size(), 16).ptr;
  return std::string(digits.data(), static_cast<std::size_t>(end - digits.data())) + "\r\n" + piece + "\r\n";
}

}  // namespace

HttpSlot::~HttpSlot() {
  if (client_) client_->release_slot();
}

HttpAnswer::HttpAnswer(std::shared_ptr<HttpClient> client, HttpSlot slot, std::shared_ptr<HttpConnection> connection,
                       HttpParser parser)
    : client_(std::move(client)),
      slot_(std::move(slot)),
      connection_(std::move(connection)),
      parser_(std::move(parser)) {
  if (parser_.stage() == HttpParser::Stage::done && status() != 101) finish();
}

HttpAnswer::~HttpAnswer() {
  if (connection_) connection_->close();
}

Awaitable<std::string> HttpAnswer::read(Call& call) {
  std::string piece;
  if (!connection_) co_return piece;
  const auto connection = connection_;
  const auto reaction = close_on_stop(call, connection->stream());
  // The parser may leave bytes it can only read together with those behind them.
  bool wants_more = connection->unread().empty();
  while (piece.empty() && parser_.stage() != HttpParser::Stage::done) {
    if (wants_more) co_await receive_more(*connection);
    const auto taken = parser_.feed(connection->unread(), piece);
    connection->consume(taken);
    wants_more = taken == 0 || connection->unread().empty();
  }
  if (parser_.stage() == HttpParser::Stage::done) {
    finish();
  } else {
    connection->read_ahead();
  }
  co_return piece;
}

Awaitable<void> HttpAnswer::receive_more(HttpConnection& connection) {
  bool came = false;
  std::exception_ptr failed;
  try {
    came = co_await connection.more();
  } catch (const Failure&) {
    failed = client_->explained(std::current_exception(), connection);
  }
  if (failed) std::rethrow_exception(failed);
  if (!came && !parser_.end()) throw Failure(Obstacle::cut, "the connection was closed in the middle of the answer");
}

Awaitable<std::string> HttpAnswer::read_all(Call& call, std::uint64_t limit) {
  std::string body;
  for (;;) {
    auto piece = co_await read(call);
    if (piece.empty()) co_return body;
    if (body.size() + piece.size() > limit) {
      throw Error("net.too_large", "the answer is longer than " + format_size({limit}));
    }
    if (body.empty()) {
      body = std::move(piece);
    } else {
      body += piece;
    }
  }
}

std::shared_ptr<HttpConnection> HttpAnswer::take_connection() {
  slot_ = {};
  return std::exchange(connection_, nullptr);
}

void HttpAnswer::finish() {
  if (!connection_) return;
  if (parser_.keeps_alive() && connection_->is_fresh()) {
    client_->keep(std::exchange(connection_, nullptr));
  } else {
    std::exchange(connection_, nullptr)->close();
  }
  slot_ = {};
}

Awaitable<std::unique_ptr<HttpAnswer>> HttpClient::send(Call& call, HttpRequest request) {
  const auto self = shared_from_this();
  const std::string awaited = call.seen();
  const auto place = std::make_shared<HttpSlot>();
  if (!request.lasts) *place = co_await slot(call);
  call.saw(awaited);
  asio::steady_timer patience(call.executor());
  if (request.slow) {
    patience.expires_after(kPatience);
    patience.async_wait([place](ErrorCode cancelled) {
      if (!cancelled) *place = HttpSlot();
    });
  }
  for (bool first = true;; first = false) {
    Attempt attempt;
    auto connection = first ? take_idle() : nullptr;
    attempt.reused = connection != nullptr;
    if (!connection) {
      connection = co_await open(call);
      call.saw(awaited);
    }
    std::exception_ptr failed;
    {
      const auto reaction = close_on_stop(call, connection->stream());
      try {
        co_await transmit(call, *connection, request, attempt);
        auto parser = co_await receive(*connection, request, attempt);
        co_return std::make_unique<HttpAnswer>(self, std::move(*place), std::move(connection), std::move(parser));
      } catch (const Error&) {
        failed = explained(std::current_exception(), *connection);
      }
    }
    connection->close();
    const bool repeatable = (request.observes && !request.body_source) || !attempt.sent;
    if (attempt.reused && !attempt.answered && repeatable && !call.stop().stopped()) continue;
    throw_with_doubt(failed, !request.observes && attempt.sent);
  }
}

void HttpClient::close() {
  keeps_ = false;
  for (const auto& connection : idle_) connection->close();
  idle_.clear();
}

Awaitable<HttpSlot> HttpClient::slot(Call& call) {
  if (in_use_ < options_.sockets) {
    ++in_use_;
    co_return HttpSlot(shared_from_this());
  }
  // Who releases a slot hands it on: `given` is then no longer among those that wait.
  const auto turn = std::make_shared<asio::steady_timer>(call.executor(), TimePoint::max());
  waiting_.push_back(turn);
  const auto reaction = call.stop().on_stop([turn] { turn->cancel(); });
  call.saw("all " + std::to_string(options_.sockets) + " connections were busy");
  ErrorCode woken;
  if (!call.stop().stopped()) co_await turn->async_wait(asio::redirect_error(asio::use_awaitable, woken));
  const auto place = std::find(waiting_.begin(), waiting_.end(), turn);
  if (place != waiting_.end()) {
    waiting_.erase(place);
    throw Error("cancelled", "stopped before a connection was free");
  }
  HttpSlot given(shared_from_this());
  if (call.stop().stopped()) throw Error("cancelled", "stopped before a connection was free");
  co_return given;
}

void HttpClient::release_slot() {
  if (waiting_.empty()) {
    --in_use_;
    return;
  }
  const auto next = waiting_.front();
  waiting_.pop_front();
  next->cancel();
}

std::shared_ptr<HttpConnection> HttpClient::take_idle() {
  while (!idle_.empty()) {
    auto connection = std::move(idle_.back());
    idle_.pop_back();
    if (connection->is_fresh()) return connection;
    connection->close();
  }
  return nullptr;
}

void HttpClient::keep(std::shared_ptr<HttpConnection> connection) {
  if (!keeps_ || idle_.size() >= options_.sockets) return connection->close();
  connection->read_ahead();
  idle_.push_back(std::move(connection));
}

Awaitable<std::shared_ptr<HttpConnection>> HttpClient::open(Call& call) {
  auto stream = co_await options_.open(call);
  co_return std::make_shared<HttpConnection>(std::move(stream));
}

Awaitable<void> HttpClient::write(HttpConnection& connection, std::string_view bytes, Attempt& attempt) {
  attempt.sent = attempt.sent || !bytes.empty();
  co_await write_all(connection.stream(), asio::buffer(bytes));
}

// A server that refuses a body answers and closes while we still write: its answer counts, not that nobody reads.
Awaitable<void> HttpClient::transmit(Call& call, HttpConnection& connection, const HttpRequest& request,
                                     Attempt& attempt) {
  connection.read_ahead();
  auto head = request_head(request, options_.host);
  if (!request.body_source) head += request.body;
  std::optional<Failure> failed;
  try {
    co_await write(connection, head, attempt);
    if (request.body_source) co_await transmit_body(call, connection, request, attempt);
  } catch (const Failure& failure) {
    failed = failure;
  }
  if (!failed) co_return;
  while (connection.unread().empty() && !connection.ended()) co_await connection.more();
  if (connection.unread().empty()) throw *failed;
}

// The server may answer, and end the connection, before it has all of it.
Awaitable<void> HttpClient::transmit_body(Call& call, HttpConnection& connection, const HttpRequest& request,
                                          Attempt& attempt) {
  std::uint64_t left = request.body_size.value_or(0);
  while (connection.unread().empty() && !connection.ended()) {
    auto piece = co_await request.body_source(call);
    const bool last = piece.empty();
    if (!request.body_size) {
      piece = chunk_of(piece);
    } else if (last && left > 0) {
      throw Error("net.file", "what is sent ended " + std::to_string(left) + " bytes before the " +
                                  std::to_string(*request.body_size) +
                                  " that were promised: the file became shorter meanwhile");
    } else {
      // What was added since the promise would be read as another request.
      piece.resize(static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), left)));
      left -= piece.size();
    }
    if (!piece.empty()) co_await write(connection, piece, attempt);
    if (last || (request.body_size && left == 0)) co_return;
  }
}

Awaitable<HttpParser> HttpClient::receive(HttpConnection& connection, const HttpRequest& request, Attempt& attempt) {
  std::string body;
  for (;;) {
    HttpParser parser(request.method == "HEAD");
    while (parser.stage() == HttpParser::Stage::head) {
      if (connection.unread().empty() && !co_await connection.more()) {
        throw Failure(Obstacle::cut, parser.begun() ? "the connection was closed in the middle of the answer"
                                                    : "the connection was closed without an answer");
      }
      attempt.answered = true;
      connection.consume(parser.feed(connection.unread(), body));
      // The parser wants the rest of a line it has seen the beginning of.
      if (parser.stage() == HttpParser::Stage::head && !connection.unread().empty() && !co_await connection.more()) {
        throw Failure(Obstacle::cut, "the connection was closed in the middle of the answer");
      }
    }
    const unsigned status = parser.head().status;
    if (status >= 200 || status == 101) co_return parser;
  }
}

std::exception_ptr HttpClient::explained(std::exception_ptr failure, const HttpConnection& connection) const {
  if (!connection.failure() || !options_.explain) return failure;
  const auto better = options_.explain(connection.failure());
  return better ? better : failure;
}

}  // namespace opshost::net
