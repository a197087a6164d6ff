#pragma once
// One Docker engine, as scripts hold it.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bindings/docker/container.hpp"
#include "bindings/docker/container_list.hpp"
#include "bindings/docker/create.hpp"
#include "bindings/docker/events.hpp"
#include "bindings/docker/exec.hpp"
#include "bindings/docker/images.hpp"
#include "bindings/docker/networks.hpp"

namespace opshost::docker {

struct EngineVersion {
  std::string version{};
  std::string api_version{};
  std::optional<std::string> min_api_version{};
  std::string os{};
  std::string arch{};
  std::string kernel_version{};
  std::string spoken{};
};
OPSHOST_RECORD(EngineVersion, "Which engine it is", (version, "of the engine: \"20.10.24\""),
               (api_version, "the newest API it speaks"), (min_api_version, "the oldest; nil: it does not say"),
               (os, "\"linux\""), (arch, "\"amd64\""), (kernel_version, "of its machine"),
               (spoken, "the API version of this connection"))

class Engine {
 public:
  explicit Engine(std::shared_ptr<Connection> connection)
      : connection_(std::move(connection)), name_(connection_->name()), subject_(connection_->subject()) {}

  [[nodiscard]] std::string subject() const { return subject_; }
  [[nodiscard]] const std::shared_ptr<Connection>& connection() const { return connection_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::optional<Duration> default_timeout() const {
    return connection_ ? connection_->timeout() : std::nullopt;
  }
  /// Sockets close with the last handle of the same endpoint.
  void close() { connection_.reset(); }

  /// False where nothing answers; a refusal (certificates, permission) is thrown.
  Awaitable<bool> alive(Call& call);
  Awaitable<void> ping(Call& call);
  Awaitable<EngineVersion> version(Call& call);
  Awaitable<json::Document> info(Call& call);

  Awaitable<std::vector<ContainerSummary>> containers(Call& call, ListOptions options);
  Awaitable<std::shared_ptr<Container>> container(Call& call, std::string name);
  Awaitable<std::optional<std::shared_ptr<Container>>> find_container(Call& call, std::string name);
  Awaitable<std::shared_ptr<Container>> create(Call& call, CreateOptions options);
  Awaitable<std::optional<ExecStatus>> find_exec(Call& call, std::string id);

  Awaitable<std::vector<ImageSummary>> images(Call& call, ImageListOptions options);
  Awaitable<std::shared_ptr<Image>> image(Call& call, std::string name);
  Awaitable<std::optional<std::shared_ptr<Image>>> find_image(Call& call, std::string name);
  Awaitable<std::vector<std::string>> load_image(Call& call, std::string path, LoadOptions options);

  Awaitable<std::vector<NetworkSummary>> networks(Call& call, NetworkListOptions options);
  Awaitable<std::shared_ptr<Network>> network(Call& call, std::string name);
  Awaitable<std::optional<std::shared_ptr<Network>>> find_network(Call& call, std::string name);

  Awaitable<Stream<Event>> events(Call& call, EventOptions options);

 private:
  std::shared_ptr<Connection> connection_;
  // Also of a closed one.
  std::string name_;
  std::string subject_;
};

std::shared_ptr<Engine> connect(const std::optional<std::string>& endpoint, const ConnectOptions& options);

}  // namespace opshost::docker
