#include "bindings/http/clients.hpp"

#include <boost/asio/execution_context.hpp>
#include <cstdlib>

#include "bindings/http/basic_auth.hpp"
#include "bindings/net/failure.hpp"
#include "bindings/net/tls.hpp"

namespace opshost::http {

namespace {

std::string environment(std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (const char* value = std::getenv(name); value != nullptr && *value != '\0') return value;
  }
  return {};
}

net::TlsFiles tls_files(const RequestOptions& options) {
  return {.ca = options.ca_file.value_or(""),
          .certificate = options.cert_file.value_or(""),
          .key = options.key_file.value_or(""),
          .verify = options.verify};
}

/// Opens connections to one origin.
class Opener : public std::enable_shared_from_this<Opener> {
 public:
  Opener(Url url, const RequestOptions& options)
      : url_(std::move(url)),
        proxy_(proxy_for(url_, options)),
        files_(tls_files(options)),
        route_(options.via ? *options.via : net::direct_route()),
        connect_timeout_(options.connect_timeout) {}

  static Awaitable<std::unique_ptr<net::ByteStream>> open(std::shared_ptr<Opener> self, Call& call) {
    auto stream = co_await self->connect(call);
    if (!self->url_.secure) co_return stream;
    if (!self->tls_) {
      self->tls_ = co_await net::TlsContext::load(call, self->files_);
      if (!self->files_.verify) net::warn_unverified(self->url_.origin());
    }
    auto secured = co_await net::start_tls(call, std::move(stream), self->tls_, self->url_.host);
    co_return secured;
  }

  [[nodiscard]] std::exception_ptr explain(const net::ErrorCode& error) const {
    const auto better = tls_ ? net::tls_failure(error, *tls_, url_.host) : std::nullopt;
    return better ? std::make_exception_ptr(*better) : nullptr;
  }

 private:
  Awaitable<std::unique_ptr<net::ByteStream>> connect(Call& call) {
    const Url& next = proxy_ ? *proxy_ : url_;
    const auto route = route_.lock();
    if (!route) throw Error("closed", "the host that was given as `via` is closed");
    auto stream = co_await route->open_tcp(call, next.host, next.port, connect_timeout_);
    if (proxy_ && url_.secure) co_await tunnel(call, *stream);
    co_return stream;
  }

  /// Asks the proxy for a way through.
  Awaitable<void> tunnel(Call& call, net::ByteStream& stream) {
    constexpr std::size_t kLongestAnswer = 64U << 10U;
    const auto reaction = net::close_on_stop(call, stream);
    const std::string wanted = (url_.host.find(':') == std::string::npos ? url_.host : "[" + url_.host + "]") + ":" +
                               std::to_string(url_.port);
    std::string request = "CONNECT " + wanted + " HTTP/1.1\r\nHost: " + wanted + "\r\n";
    if (!proxy_->user_info.empty()) request += "Proxy-Authorization: " + basic_auth(proxy_->user_info) + "\r\n";
    request += "\r\n";
    co_await net::write_all(stream, asio::buffer(request));
    // Byte by byte: what comes behind the answer belongs to the tunnel.
    std::string answer;
    while (!answer.ends_with("\r\n\r\n") && answer.size() < kLongestAnswer) {
      char byte = 0;
      if (co_await net::read_some(stream, asio::buffer(&byte, 1)) == 0) break;
      answer += byte;
    }
    net::HttpParser parser(true);
    std::string nothing;
    parser.feed(answer, nothing);
    if (parser.stage() == net::HttpParser::Stage::head || parser.head().status / 100 != 2) {
      throw net::Failure(net::Obstacle::refused, "the proxy " + proxy_->origin() + " lets us not through to " + wanted +
                                                     ": " + describe(Value(answer.substr(0, answer.find('\r')))));
    }
  }

  Url url_;
  std::optional<Url> proxy_;
  net::TlsFiles files_;
  std::weak_ptr<net::Route> route_;  ///< which keeps the client: whoever asks holds it
  Duration connect_timeout_;
  std::shared_ptr<const net::TlsContext> tls_;
};

/// Ends with the loop, so that no connection outlives it.
class Clients : public asio::execution_context::service {
 public:
  using key_type = Clients;
  static asio::execution_context::id id;

  explicit Clients(asio::execution_context& context) : service(context) {}

  std::shared_ptr<net::HttpClient>& operator[](const std::string& key) { return clients_[key]; }

 private:
  void shutdown() override {
    for (const auto& [key, client] : clients_) client->close();
    clients_.clear();
  }
  std::map<std::string, std::shared_ptr<net::HttpClient>> clients_;
};

asio::execution_context::id Clients::id;

std::string key_of(const Url& url, const std::optional<Url>& proxy, const RequestOptions& options) {
  std::string key = url.origin() + '\n' + (proxy ? proxy->origin() + proxy->user_info : std::string());
  for (const auto& file : {options.ca_file, options.cert_file, options.key_file}) key += '\n' + file.value_or("");
  return key + (options.verify ? "\nverified " : "\nunverified ") + format_duration(options.connect_timeout);
}

}  // namespace

std::optional<Url> proxy_for(const Url& url, const RequestOptions& options) {
  std::string named = options.proxy ? net::reveal(*options.proxy) : std::string();
  if (!options.proxy) {
    // A jump host's network is another one.
    if (options.via || is_excluded(environment({"no_proxy", "NO_PROXY"}), url.host)) return std::nullopt;
    named = url.secure ? environment({"https_proxy", "HTTPS_PROXY"}) : environment({"http_proxy"});
    if (named.empty()) return std::nullopt;
    if (named.find("://") == std::string::npos) named.insert(0, "http://");
  }
  if (named == "none") return std::nullopt;
  auto proxy = parse_url(named);
  if (proxy.secure)
    throw Error("usage.argument",
                "the proxy " + describe(Value(proxy.origin())) + " is spoken to in plain HTTP: write http://");
  return proxy;
}

std::shared_ptr<net::HttpClient> client_for(Call& call, const Url& url, const RequestOptions& options) {
  const auto make = [&] {
    const auto opener = std::make_shared<Opener>(url, options);
    net::HttpClient::Options client;
    client.host = url.host_header();
    client.open = [opener](Call& opening) { return Opener::open(opener, opening); };
    client.explain = [opener](const net::ErrorCode& error) { return opener->explain(error); };
    return std::make_shared<net::HttpClient>(std::move(client));
  };
  const std::string key = key_of(url, proxy_for(url, options), options);
  if (options.via) {
    auto& kept = (*options.via)->kept("http\n" + key);
    if (!kept) kept = make();
    return std::static_pointer_cast<net::HttpClient>(kept);
  }
  auto& clients = asio::use_service<Clients>(asio::query(call.executor(), asio::execution::context));
  auto& client = clients[key];
  if (!client) client = make();
  return client;
}

}  // namespace opshost::http
