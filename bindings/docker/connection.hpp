#pragma once
// Requests to one engine: the version both sides know, kept connections, typed errors.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bindings/docker/endpoint.hpp"
#include "bindings/net/http_client.hpp"

namespace opshost::docker {

using Answer = std::unique_ptr<net::HttpAnswer>;

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Endpoint endpoint, const ConnectOptions& options);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// The engine in messages and as the target of errors: "tcp://h1:2376", "unix:///run/docker.sock via admin@jump1".
  [[nodiscard]] const std::string& name() const { return name_; }
  /// The engine on its machine, in a plan: what changes the machine touches it.
  [[nodiscard]] const std::string& subject() const { return subject_; }
  [[nodiscard]] const Endpoint& endpoint() const { return endpoint_; }
  /// The host it is reached through; nullopt: directly.
  [[nodiscard]] std::optional<std::string> via_name() const;

  /// For calls that say none; nullopt: as everywhere.
  [[nodiscard]] std::optional<Duration> timeout() const { return timeout_; }

  /// One of that name that somebody holds; nullptr: there is none.
  static std::shared_ptr<Connection> find(const std::string& name);

  /// Sends a request whose target has no version yet. An answer with an error status is thrown (errors.hpp). Where the
  /// engine no longer speaks the version that was agreed on, another one is agreed on and the request sent again.
  Awaitable<Answer> send(Call& call, net::HttpRequest request);
  /// The next piece of a body, or the rest of it; errors as the binding has them.
  Awaitable<std::string> read(Call& call, net::HttpAnswer& answer);
  Awaitable<std::string> read_all(Call& call, net::HttpAnswer& answer);
  /// The whole body of the answer.
  Awaitable<std::string> ask(Call& call, net::HttpRequest request);
  Awaitable<std::string> get(Call& call, std::string target);
  /// A POST that changes something; `body` is JSON, or empty.
  Awaitable<std::string> post(Call& call, std::string target, std::string body = {});

  /// The API version spoken, as a number: 1040. Asks the engine the first time.
  Awaitable<int> version(Call& call);
  /// For what older engines would pass over in silence: `since` is the version that brought it, `what` is "init".
  /// Throws Error("docker.api_version").
  Awaitable<void> needs_version(Call& call, int since, std::string what);
  /// Opens a connection unless there is one, and asks whether the engine is there.
  Awaitable<void> ping(Call& call);

  void close();

 private:
  Awaitable<std::unique_ptr<net::ByteStream>> open(Call& call);
  Awaitable<Answer> send_versioned(Call& call, net::HttpRequest request);
  Awaitable<Answer> send_raw(Call& call, net::HttpRequest request);
  Awaitable<std::string> words_of_refusal(Call& call, net::HttpAnswer& answer, std::string what, bool changes);
  Awaitable<int> negotiate(Call& call);
  static std::vector<Connection*>& all();

  Endpoint endpoint_;
  std::shared_ptr<net::Route> route_;
  Duration connect_timeout_;
  std::optional<Duration> timeout_;
  std::string name_;
  std::string subject_;
  std::optional<int> version_;
  bool pinned_ = false;  ///< the script said which version
  std::shared_ptr<const net::TlsContext> tls_;
  std::shared_ptr<net::HttpClient> client_;
};

/// One for each set of arguments: scripts that connect twice share the sockets.
std::shared_ptr<Connection> connection_for(const std::optional<std::string>& endpoint, const ConnectOptions& options);

}  // namespace opshost::docker
