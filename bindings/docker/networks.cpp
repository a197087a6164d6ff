#include "bindings/docker/networks.hpp"

#include "bindings/docker/container.hpp"
#include "bindings/docker/errors.hpp"
#include "bindings/docker/filters.hpp"
#include "bindings/docker/parsed.hpp"
#include "host/base/json_text.hpp"
#include "host/base/names.hpp"
#include "host/json/record.hpp"

namespace opshost::docker {

namespace {

struct Subnet {
  std::string subnet{};
};
OPSHOST_RECORD(Subnet, "A range of addresses", (subnet, ""))
struct AddressConfig {
  std::vector<Subnet> config{};
};
OPSHOST_RECORD(AddressConfig, "IPAM of a network", (config, ""))
struct ListedNetwork {
  std::string id{};
  std::string name{};
  std::string driver{};
  std::string scope{};
  bool internal = false;
  AddressConfig ipam{};
  std::map<std::string, std::string> labels{};
};
OPSHOST_RECORD(ListedNetwork, "A network as the API lists it", (id, ""), (name, ""), (driver, ""), (scope, ""),
               (internal, ""), (ipam, ""), (labels, ""))

Awaitable<Error> network_not_found(Call& call, std::shared_ptr<Connection> engine, std::string name, Error refused) {
  std::vector<std::string> names;
  try {
    const auto all = co_await list_networks(call, engine, {});
    for (const auto& network : all) names.push_back(network.name);
  } catch (const Error&) {
    // The names would be a help, no more.
  }
  co_return Error("docker.not_found", "no network " + describe(Value(name)) + did_you_mean(name, names))
      .on(engine->name())
      .with(refused.detail());
}

Awaitable<std::string> inspect_network(Call& call, std::shared_ptr<Connection> engine, std::string id,
                                       std::string name) {
  std::optional<Error> failed;
  try {
    auto text = co_await engine->get(call, "/networks/" + net::percent_encoded(id));
    co_return text;
  } catch (const Error& error) {
    failed = error;
  }
  if (failed->code() == "docker.not_found") failed = co_await network_not_found(call, engine, name, *failed);
  throw *failed;
}

}  // namespace

Awaitable<json::Document> Network::inspect(Call& call) {
  auto text = co_await inspect_network(call, engine_, id_, name_);
  co_return json::Document{.text = std::move(text), .error_code = "docker.protocol", .target = engine_->name()};
}

Awaitable<void> Network::connect(Call& call, std::string container, NetworkConnectOptions options) {
  ValueMap endpoint;
  if (options.ip) {
    const char* family = options.ip->find(':') == std::string::npos ? "IPv4Address" : "IPv6Address";
    endpoint.emplace_back("IPAMConfig", ValueMap{{family, *options.ip}});
  }
  if (!options.aliases.empty()) {
    endpoint.emplace_back("Aliases", ValueList(options.aliases.begin(), options.aliases.end()));
  }
  ValueMap body = {{"Container", container}};
  if (!endpoint.empty()) body.emplace_back("EndpointConfig", std::move(endpoint));
  co_await act(call, "/connect", Value(std::move(body)), container);
}

Awaitable<void> Network::disconnect(Call& call, std::string container, NetworkDisconnectOptions options) {
  ValueMap body = {{"Container", container}, {"Force", options.force}};
  co_await act(call, "/disconnect", Value(std::move(body)), container);
}

// A 404 may mean the container or the network: only the engine's words tell which.
Awaitable<void> Network::act(Call& call, std::string action, Value body, std::string container) {
  std::optional<Error> failed;
  try {
    co_await engine_->post(call, "/networks/" + id_ + action, json_text(body));
    co_return;
  } catch (const Error& error) {
    failed = error;
  }
  if (failed->code() != "docker.not_found") throw *failed;
  const bool no_container = failed->message().find("o such container") != std::string::npos;
  if (no_container) {
    failed = co_await container_not_found(call, engine_, container, *failed);
  } else {
    failed = co_await network_not_found(call, engine_, name_, *failed);
  }
  throw *failed;
}

Awaitable<std::vector<NetworkSummary>> list_networks(Call& call, std::shared_ptr<Connection> engine,
                                                     NetworkListOptions options) {
  std::string target = "/networks";
  const auto filters = filters_text({{"name", options.name}, {"label", options.label}, {"driver", options.driver}});
  if (!filters.empty()) target += "?filters=" + filters;
  const auto body = co_await engine->get(call, target);
  auto listed = parsed(engine->name(), [&] { return json::read<std::vector<ListedNetwork>>(body); });
  std::vector<NetworkSummary> networks;
  for (ListedNetwork& one : listed) {
    NetworkSummary network{.id = std::move(one.id),
                           .name = std::move(one.name),
                           .driver = std::move(one.driver),
                           .scope = std::move(one.scope),
                           .internal = one.internal,
                           .labels = std::move(one.labels)};
    for (Subnet& range : one.ipam.config) network.subnets.push_back(std::move(range.subnet));
    networks.push_back(std::move(network));
  }
  co_return networks;
}

Awaitable<std::shared_ptr<Network>> find_network(Call& call, std::shared_ptr<Connection> engine, std::string name) {
  if (name.empty()) throw Error("usage.argument", "the name of the network is empty");
  const auto text = co_await inspect_network(call, engine, name, name);
  const auto network = parsed(engine->name(), [&] { return json::read<ListedNetwork>(text); });
  co_return std::make_shared<Network>(engine, network.id, network.name);
}

}  // namespace opshost::docker
