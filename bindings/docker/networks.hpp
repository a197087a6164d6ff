#pragma once
// The networks of an engine.
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bindings/docker/connection.hpp"
#include "host/json/document.hpp"
#include "host/lua/record.hpp"

namespace opshost::docker {

struct NetworkListOptions {
  std::optional<std::string> name{};
  std::optional<std::string> label{};
  std::optional<std::string> driver{};
};
OPSHOST_RECORD(NetworkListOptions, "Which networks to list", (name, "part of the name"),
               (label, "\"role\" or \"role=broker\""), (driver, "\"bridge\", \"macvlan\", \"overlay\", ..."))

struct NetworkSummary {
  std::string id{};
  std::string name{};
  std::string driver{};
  std::string scope{};
  std::vector<std::string> subnets{};
  bool internal = false;
  std::map<std::string, std::string> labels{};
};
OPSHOST_RECORD(NetworkSummary, "A network, as a list shows it", (id, "its id"), (name, "its name"),
               (driver, "\"bridge\", \"macvlan\", ..."), (scope, "\"local\", \"swarm\" or \"global\""),
               (subnets, "\"10.94.0.0/24\""), (internal, "without a way out"), (labels, "its labels"))

struct NetworkConnectOptions {
  std::optional<std::string> ip{};
  std::vector<std::string> aliases{};
};
OPSHOST_RECORD(NetworkConnectOptions, "How to connect", (ip, "fixed address in the network"),
               (aliases, "further names of the container in it"))

struct NetworkDisconnectOptions {
  bool force = false;
};
OPSHOST_RECORD(NetworkDisconnectOptions, "How to disconnect", (force, "also where the engine holds it to be in use"))

class Network {
 public:
  Network(std::shared_ptr<Connection> engine, std::string id, std::string name)
      : engine_(std::move(engine)), id_(std::move(id)), name_(std::move(name)) {}

  [[nodiscard]] std::string subject() const { return engine_->subject() + " > network " + name_; }
  [[nodiscard]] const std::string& id() const { return id_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::optional<Duration> default_timeout() const { return engine_->timeout(); }

  Awaitable<json::Document> inspect(Call& call);
  Awaitable<void> connect(Call& call, std::string container, NetworkConnectOptions options);
  Awaitable<void> disconnect(Call& call, std::string container, NetworkDisconnectOptions options);

 private:
  Awaitable<void> act(Call& call, std::string action, Value body, std::string container);

  std::shared_ptr<Connection> engine_;
  std::string id_;
  std::string name_;
};

Awaitable<std::vector<NetworkSummary>> list_networks(Call& call, std::shared_ptr<Connection> engine,
                                                     NetworkListOptions options);
/// Throws docker.not_found with the nearest names.
Awaitable<std::shared_ptr<Network>> find_network(Call& call, std::shared_ptr<Connection> engine, std::string name);

}  // namespace opshost::docker
