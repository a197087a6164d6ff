#include "bindings/docker/connection.hpp"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "bindings/docker/errors.hpp"
#include "host/base/build_info.hpp"
#include "host/json/record.hpp"

namespace opshost::docker {

namespace {

/// The newest version this binding was written against; newer engines are spoken to in it as long as they know it.
constexpr int kNewest = 1045;
/// Docker 1.11.
constexpr int kOldest = 1023;
/// It is as it was asked to be already: a container that is stopped runs no longer.
constexpr unsigned kNotModified = 304;
/// An answer that is kept in memory: the listing of a very large engine is some tens of MiB.
constexpr std::uint64_t kAnswerLimit = 256ULL << 20U;
/// A request that an engine of another version refuses is sent once more where a copy of it costs little.
constexpr std::size_t kSentTwice = 64U << 10U;

struct VersionAnswer {
  std::string api_version{};
  std::string min_api_version{};
};
OPSHOST_RECORD(VersionAnswer, "What /version says of the API", (api_version, "newest"), (min_api_version, "oldest"))

std::string version_text(int number) { return std::to_string(number / 1000) + "." + std::to_string(number % 1000); }

std::string path_of(const std::string& target) { return target.substr(0, target.find('?')); }

std::string host_header(const Endpoint& endpoint) {
  if (!endpoint.path.empty()) return "docker";
  const bool bare_v6 = endpoint.host.find(':') != std::string::npos;
  return (bare_v6 ? "[" + endpoint.host + "]" : endpoint.host) + ":" + std::to_string(endpoint.port);
}

}  // namespace

Connection::Connection(Endpoint endpoint, const ConnectOptions& options)
    : endpoint_(std::move(endpoint)),
      route_(net::route_of(options.via)),
      connect_timeout_(options.connect_timeout),
      timeout_(options.timeout),
      name_(endpoint_.text) {
  if (const auto through = route_->name(); !through.empty()) name_ += " via " + through;
  subject_ = (endpoint_.path.empty() ? "host " + endpoint_.host : route_->machine()) + " > engine " + name_;
  if (options.api_version) version_ = api_number(*options.api_version);
  pinned_ = version_.has_value();
  net::HttpClient::Options client;
  client.host = host_header(endpoint_);
  // The client never outlives this object in a call: whoever calls holds both.
  client.open = [this](Call& call) { return open(call); };
  client.explain = [this](const net::ErrorCode& error) {
    const auto better = tls_ ? net::tls_failure(error, *tls_, endpoint_.host) : std::nullopt;
    return better ? std::make_exception_ptr(*better) : nullptr;
  };
  client_ = std::make_shared<net::HttpClient>(std::move(client));
  all().push_back(this);
}

Connection::~Connection() {
  std::erase(all(), this);
  client_->close();
}

std::optional<std::string> Connection::via_name() const {
  const auto through = route_->name();
  return through.empty() ? std::nullopt : std::optional(through);
}

std::shared_ptr<Connection> Connection::find(const std::string& name) {
  const auto found = std::find_if(all().begin(), all().end(), [&](const auto* one) { return one->name() == name; });
  return found == all().end() ? nullptr : (*found)->shared_from_this();
}

std::vector<Connection*>& Connection::all() {
  static std::vector<Connection*> connections;
  return connections;
}

void Connection::close() { client_->close(); }

Awaitable<std::unique_ptr<net::ByteStream>> Connection::open(Call& call) {
  call.saw("connecting to " + name_);
  if (!endpoint_.path.empty()) {
    const std::vector<std::string> carrier = {"docker", "-H", "unix://" + endpoint_.path, "system", "dial-stdio"};
    auto stream = co_await route_->open_unix(call, endpoint_.path, carrier);
    co_return stream;
  }
  if (endpoint_.tls && !tls_) {
    tls_ = co_await net::TlsContext::load(call, *endpoint_.tls);
    if (!endpoint_.tls->verify) net::warn_unverified(name_);
  }
  auto stream = co_await route_->open_tcp(call, endpoint_.host, endpoint_.port, connect_timeout_);
  if (!tls_) co_return stream;
  auto secured = co_await net::start_tls(call, std::move(stream), tls_, endpoint_.host);
  co_return secured;
}

Awaitable<Answer> Connection::send_raw(Call& call, net::HttpRequest request) {
  const auto self = shared_from_this();
  request.headers.emplace_back("User-Agent", "opshost/" + std::string(build_info().version));
  std::optional<Error> failed;
  try {
    auto answer = co_await client_->send(call, std::move(request));
    co_return answer;
  } catch (const Error& failure) {
    failed = docker_error(failure, name_);
  }
  throw *failed;
}

Awaitable<Answer> Connection::send(Call& call, net::HttpRequest request) {
  std::optional<net::HttpRequest> again;
  if (!pinned_ && !request.body_source && request.body.size() <= kSentTwice) again = request;
  std::optional<Error> failed;
  try {
    auto answer = co_await send_versioned(call, std::move(request));
    co_return answer;
  } catch (const Error& error) {
    failed = error;
  }
  // The engine was replaced by another one meanwhile.
  if (pinned_ || failed->code() != "docker.api_version") throw *failed;
  version_.reset();
  if (!again) throw Error(*failed).retryable();
  auto answer = co_await send_versioned(call, std::move(*again));
  co_return answer;
}

Awaitable<Answer> Connection::send_versioned(Call& call, net::HttpRequest request) {
  const std::string what = request.method + " " + path_of(request.target);
  const bool changes = !request.observes;
  const int number = co_await version(call);
  request.target = "/v" + version_text(number) + request.target;
  call.saw(what + " was not answered yet");
  if (changes && endpoint_.tls && !endpoint_.tls->verify) call.note("unverified", name_);
  auto answer = co_await send_raw(call, std::move(request));
  const unsigned status = answer->status();
  if (status < 300 || status == kNotModified) co_return answer;
  if (status < 400) {
    const std::string* location = answer->head().header("Location");
    throw Error("docker.protocol", what + " was answered with status " + std::to_string(status) +
                                       (location != nullptr ? ", which leads to " + describe(Value(*location)) : "") +
                                       ": no engine does that, something else listens there")
        .on(name_)
        .maybe_applied(changes);
  }
  const auto body = co_await words_of_refusal(call, *answer, what, changes);
  throw refusal(status, body, what, changes, name_);
}

/// The body of a refusal. Where it breaks off the status still says whether there is doubt.
Awaitable<std::string> Connection::words_of_refusal(Call& call, net::HttpAnswer& answer, std::string what,
                                                    bool changes) {
  std::optional<Error> failed;
  try {
    auto body = co_await read_all(call, answer);
    co_return body;
  } catch (const Error& error) {
    failed = error;
  }
  const unsigned status = answer.status();
  throw Error(failed->code(), what + " was answered with status " + std::to_string(status) +
                                  ", but the engine's words broke off: " + failed->message())
      .on(name_)
      .retryable(failed->is_retryable())
      .maybe_applied(changes && status >= 500);
}

Awaitable<std::string> Connection::read_all(Call& call, net::HttpAnswer& answer) {
  std::optional<Error> failed;
  try {
    auto body = co_await answer.read_all(call, kAnswerLimit);
    co_return body;
  } catch (const Error& failure) {
    failed = docker_error(failure, name_);
  }
  throw *failed;
}

Awaitable<std::string> Connection::read(Call& call, net::HttpAnswer& answer) {
  std::optional<Error> failed;
  try {
    auto piece = co_await answer.read(call);
    co_return piece;
  } catch (const Error& failure) {
    failed = docker_error(failure, name_);
  }
  throw *failed;
}

Awaitable<std::string> Connection::ask(Call& call, net::HttpRequest request) {
  const bool changes = !request.observes;
  const auto answer = co_await send(call, std::move(request));
  std::optional<Error> failed;
  try {
    auto body = co_await read_all(call, *answer);
    co_return body;
  } catch (const Error& failure) {
    failed = failure;
  }
  // The engine said yes, so what it said more may be missing, but not what it did.
  failed->set_maybe_applied(changes);
  throw *failed;
}

Awaitable<std::string> Connection::get(Call& call, std::string target) {
  net::HttpRequest request{.target = std::move(target)};
  auto body = co_await ask(call, std::move(request));
  co_return body;
}

Awaitable<std::string> Connection::post(Call& call, std::string target, std::string body) {
  net::HttpRequest request{.method = "POST", .target = std::move(target), .observes = false};
  if (!body.empty()) request.headers.emplace_back("Content-Type", "application/json");
  request.body = std::move(body);
  auto answer = co_await ask(call, std::move(request));
  co_return answer;
}

Awaitable<int> Connection::version(Call& call) {
  if (!version_) version_ = co_await negotiate(call);
  co_return *version_;
}

Awaitable<void> Connection::needs_version(Call& call, int since, std::string what) {
  const int spoken = co_await version(call);
  if (spoken >= since) co_return;
  throw Error("docker.api_version",
              what + " needs API " + version_text(since) + " or newer; this connection speaks " + version_text(spoken))
      .on(name_);
}

// Engines before 17.03 do not name their version in the answer to a ping, and those of the far future may no longer
// know ours.
Awaitable<int> Connection::negotiate(Call& call) {
  net::HttpRequest ping{.target = "/_ping"};
  call.saw("GET /_ping was not answered yet");
  const auto pong = co_await send_raw(call, std::move(ping));
  const std::string* header = pong->head().header("Api-Version");
  const auto named = header != nullptr ? api_number(*header) : std::nullopt;
  co_await read_all(call, *pong);
  if (named && *named <= kNewest) co_return *named;
  net::HttpRequest ask_version{.target = "/version"};
  call.saw("GET /version was not answered yet");
  const auto answer = co_await send_raw(call, std::move(ask_version));
  const auto body = co_await read_all(call, *answer);
  if (answer->status() != 200) throw refusal(answer->status(), body, "GET /version", false, name_);
  std::optional<int> newest;
  std::optional<int> oldest;
  try {
    const auto versions = json::read<VersionAnswer>(body);
    newest = api_number(versions.api_version);
    oldest = api_number(versions.min_api_version);
  } catch (const Error&) {
    // Handled as one that names no version.
  }
  if (!newest) {
    throw Error("docker.protocol",
                "what answers there is no Docker engine: GET /version says " + describe(Value(body.substr(0, 80))))
        .on(name_);
  }
  if (*newest < kOldest) {
    throw Error("docker.api_version", "the engine speaks API " + version_text(*newest) + " at most; opshost needs " +
                                          version_text(kOldest) + " (Docker 1.11) or newer")
        .on(name_);
  }
  co_return std::max(std::min(*newest, kNewest), oldest.value_or(0));
}

Awaitable<void> Connection::ping(Call& call) {
  net::HttpRequest request{.target = "/_ping"};
  call.saw("GET /_ping was not answered yet");
  const auto answer = co_await send_raw(call, std::move(request));
  const auto body = co_await read_all(call, *answer);
  if (answer->status() >= 400) throw refusal(answer->status(), body, "GET /_ping", false, name_);
}

std::shared_ptr<Connection> connection_for(const std::optional<std::string>& given, const ConnectOptions& options) {
  static std::map<std::string, std::weak_ptr<Connection>> open;
  auto endpoint = endpoint_of(given, options);
  std::string key = endpoint.text + '\n' + options.api_version.value_or("") + '\n' +
                    format_duration(options.connect_timeout) + '\n' +
                    (options.timeout ? format_duration(*options.timeout) : "");
  if (endpoint.tls) {
    const auto& files = *endpoint.tls;
    key += '\n' + files.ca + '\n' + files.certificate + '\n' + files.key + (files.verify ? "" : "\nunverified");
  }
  // One through a jump host is its own: the route may be closed and opened anew under the same name.
  if (options.via) return std::make_shared<Connection>(std::move(endpoint), options);
  auto& known = open[key];
  auto connection = known.lock();
  if (!connection) {
    connection = std::make_shared<Connection>(std::move(endpoint), options);
    known = connection;
  }
  return connection;
}

}  // namespace opshost::docker
