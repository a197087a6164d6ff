#include "bindings/http/request.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "bindings/http/basic_auth.hpp"
#include "bindings/http/clients.hpp"
#include "bindings/http/lower.hpp"
#include "bindings/net/file_body.hpp"
#include "bindings/net/named_error.hpp"
#include "host/base/build_info.hpp"
#include "host/base/json_text.hpp"
#include "host/base/output_text.hpp"
#include "host/lua/value_of.hpp"

namespace opshost::http {

namespace {

constexpr int kMostRedirects = 10;
constexpr std::size_t kShownBody = 300;

bool names(const net::HttpHeaders& headers, const std::string& wanted) {
  return std::any_of(headers.begin(), headers.end(), [&](const auto& header) { return lower(header.first) == wanted; });
}

/// The client's own: what they say has to be true of the bytes it sends.
constexpr std::array<std::string_view, 5> kOwnHeaders{"connection", "content-length", "te", "transfer-encoding",
                                                      "upgrade"};
/// Tell no secret; every other header is for the server it was given for.
constexpr std::array<std::string_view, 9> kHarmlessHeaders{
    "accept",        "accept-encoding", "accept-language", "cache-control", "if-modified-since",
    "if-none-match", "pragma",          "range",           "user-agent"};

template <std::size_t Size>
bool is_among(const std::array<std::string_view, Size>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool has_json(const RequestOptions& options) { return !options.json.is_null(); }

void check(const RequestOptions& options) {
  const int bodies = int{options.body.has_value()} + int{has_json(options)} + int{options.body_file.has_value()};
  if (bodies > 1) throw Error("usage.argument", "body, json and body_file exclude each other");
  if (options.user && options.token) throw Error("usage.argument", "user and token exclude each other");
  if (options.password && !options.user) throw Error("usage.argument", "password is given, but no user it belongs to");
  for (const auto& [name, value] : options.headers) {
    if (!is_among(kOwnHeaders, lower(name))) continue;
    throw Error("usage.argument", "the header " + describe(Value(name)) +
                                      " says how bytes are sent, which is not the script's to say: leave it out");
  }
}

bool is_redirect(unsigned status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/// The server says that it did nothing of what it was asked.
bool is_refusal(std::int64_t status) { return status >= 400 && status < 500; }

bool accepts(const RequestOptions& options, std::int64_t status) {
  const auto* statuses = std::get_if<std::vector<std::int64_t>>(&options.accept);
  if (statuses == nullptr) return true;
  if (statuses->empty()) return status >= 200 && status < 300;
  return std::find(statuses->begin(), statuses->end(), status) != statuses->end();
}

net::HttpHeaders headers_of(const RequestOptions& options, const Url& url, bool same_origin) {
  net::HttpHeaders headers;
  for (const auto& [name, value] : options.headers) {
    // What one server is told is not for another one it redirects to.
    if (!same_origin && !is_among(kHarmlessHeaders, lower(name))) continue;
    headers.emplace_back(name, net::reveal(value));
  }
  if (same_origin && !names(headers, "authorization")) {
    if (options.token) {
      headers.emplace_back("Authorization", "Bearer " + options.token->reveal());
    } else if (options.user) {
      const std::string password = options.password ? options.password->reveal() : std::string();
      headers.emplace_back("Authorization", basic_auth(*options.user + ":" + password));
    } else if (!url.user_info.empty()) {
      headers.emplace_back("Authorization", basic_auth(url.user_info));
    }
  }
  if (!names(headers, "user-agent")) headers.emplace_back("User-Agent", "opshost/" + std::string(build_info().version));
  if (!names(headers, "accept")) headers.emplace_back("Accept", "*/*");
  if (has_json(options) && !names(headers, "content-type")) headers.emplace_back("Content-Type", "application/json");
  return headers;
}

class Exchange {
 public:
  Exchange(Call& call, Request request, const RequestOptions& options)
      : call_(call), request_(std::move(request)), options_(options), url_(parse_url(request_.url)), first_(url_) {
    check(options_);
  }

  [[nodiscard]] const Url& url() const { return url_; }

  /// The head of the answer, after redirects. `lasts`: its body is read over many calls.
  Awaitable<std::unique_ptr<net::HttpAnswer>> send(bool lasts) {
    for (int redirects = 0;; ++redirects) {
      auto answer = co_await send_once(lasts);
      const std::string* location = answer->head().header("Location");
      const bool follows = options_.follow && request_.observes && is_redirect(answer->status()) && location != nullptr;
      if (!follows) co_return answer;
      if (redirects == kMostRedirects) {
        throw Error("http.redirect",
                    first_.text() + " redirects more than ten times, last to " + describe(Value(*location)))
            .on(url_.origin());
      }
      auto next = resolve_url(url_, *location);
      if (url_.secure && !next.secure) {
        throw Error("http.redirect", url_.text() + " redirects from https to plain " + next.text() +
                                         ": ask that one, if it is what you want")
            .on(url_.origin());
      }
      // A login in the address is for the whole of its server.
      if (next.origin() == first_.origin()) next.user_info = first_.user_info;
      url_ = std::move(next);
    }
  }

  Awaitable<std::string> read_all(net::HttpAnswer& answer) {
    std::optional<Error> failed;
    try {
      auto body = co_await answer.read_all(call_, options_.max_body.bytes);
      co_return body;
    } catch (const Error& error) {
      failed = net::named_error("http", error, url_.origin());
    }
    failed->set_maybe_applied(!request_.observes);
    throw *failed;
  }

  Response response_of(const net::HttpAnswer& answer, std::string body) const {
    Response response{.status = answer.status(), .reason = answer.head().reason, .body = std::move(body)};
    for (const auto& [name, value] : answer.head().headers) {
      auto& known = response.headers[lower(name)];
      known += (known.empty() ? "" : ", ") + value;
    }
    response.url = url_.text();
    return response;
  }

  void throw_unless_accepted(const Response& response) const {
    if (accepts(options_, response.status)) return;
    std::string message =
        request_.method + " " + url_.text() + " was answered with status " + std::to_string(response.status);
    if (!response.reason.empty()) message += " " + one_line(response.reason, 80);
    if (!response.body.empty()) message += ": " + one_line(response.body, kShownBody);
    throw Error("http.status", message)
        .on(url_.origin())
        .retryable(response.status == 503 || response.status == 429)
        .maybe_applied(!request_.observes && !is_refusal(response.status))
        .with(value_of(response));
  }

 private:
  Awaitable<std::unique_ptr<net::HttpAnswer>> send_once(bool lasts) {
    std::optional<Error> failed;
    try {
      auto request = co_await http_request(lasts);
      if (!request_.observes && url_.secure && !options_.verify) call_.note("unverified", url_.origin());
      call_.saw(request_.method + " " + url_.text() + " was not answered yet");
      const auto client = client_for(call_, url_, options_);
      auto answer = co_await client->send(call_, std::move(request));
      co_return answer;
    } catch (const Error& error) {
      failed = net::named_error("http", error, url_.origin());
    }
    throw *failed;
  }

  Awaitable<net::HttpRequest> http_request(bool lasts) {
    net::HttpRequest request{
        .method = request_.method, .target = url_.target, .observes = request_.observes, .lasts = lasts};
    // A proxy for plain HTTP is told the whole address.
    const auto proxy = url_.secure ? std::nullopt : proxy_for(url_, options_);
    if (proxy) request.target = url_.text();
    request.headers = headers_of(options_, url_, url_.origin() == first_.origin());
    if (proxy && !proxy->user_info.empty()) {
      request.headers.emplace_back("Proxy-Authorization", basic_auth(proxy->user_info));
    }
    if (options_.body) request.body = net::reveal(*options_.body);
    if (has_json(options_)) request.body = json_text(options_.json);
    if (options_.body_file) {
      const auto file = co_await net::open_file_body(call_, *options_.body_file);
      request.body_source = file.next;
      request.body_size = file.size;
    }
    co_return request;
  }

  Call& call_;
  Request request_;
  const RequestOptions& options_;
  Url url_;
  const Url first_;
};

Awaitable<std::optional<std::string>> next_chunk(Call& call, std::shared_ptr<net::HttpAnswer> answer,
                                                 std::string origin) {
  std::optional<Error> failed;
  try {
    auto piece = co_await answer->read(call);
    if (piece.empty()) co_return std::nullopt;
    co_return piece;
  } catch (const Error& error) {
    failed = net::named_error("http", error, origin);
  }
  throw *failed;
}

}  // namespace

Awaitable<Response> ask(Call& call, Request request, RequestOptions options) {
  Exchange exchange(call, std::move(request), options);
  const auto answer = co_await exchange.send(false);
  auto body = co_await exchange.read_all(*answer);
  auto response = exchange.response_of(*answer, std::move(body));
  exchange.throw_unless_accepted(response);
  co_return response;
}

Awaitable<Stream<std::string>> ask_in_chunks(Call& call, Request request, RequestOptions options) {
  Exchange exchange(call, std::move(request), options);
  auto answer = co_await exchange.send(true);
  if (!accepts(options, answer->status())) {
    auto body = co_await exchange.read_all(*answer);
    exchange.throw_unless_accepted(exchange.response_of(*answer, std::move(body)));
  }
  const std::shared_ptr<net::HttpAnswer> kept = std::move(answer);
  const std::string origin = exchange.url().origin();
  co_return Stream<std::string>(
      [kept, origin](Call& step) -> Awaitable<std::optional<std::string>> { return next_chunk(step, kept, origin); });
}

}  // namespace opshost::http
