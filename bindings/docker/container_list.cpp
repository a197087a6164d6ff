#include "bindings/docker/container_list.hpp"

#include <algorithm>

#include "bindings/docker/container.hpp"
#include "bindings/docker/filters.hpp"
#include "bindings/docker/parsed.hpp"
#include "bindings/docker/short_id.hpp"
#include "host/base/json_text.hpp"
#include "host/base/names.hpp"
#include "host/json/record.hpp"

namespace opshost::docker {

namespace {

/// Before, the engine lists the containers of every network.
constexpr int kNetworkFilterSince = 1024;

struct FixedAddress {
  std::string ipv4_address{};
  std::string ipv6_address{};
};
OPSHOST_RECORD(FixedAddress, "The addresses a container was made with", (ipv4_address, ""), (ipv6_address, ""))
struct ListedAddress {
  std::string network_id{};
  std::string ip_address{};
  std::string global_ipv6_address{};
  std::optional<FixedAddress> ipam_config{};
};
OPSHOST_RECORD(ListedAddress, "A network of a listed container", (network_id, ""), (ip_address, ""),
               (global_ipv6_address, ""), (ipam_config, ""))
struct ListedNetworks {
  std::map<std::string, ListedAddress> networks{};
};
OPSHOST_RECORD(ListedNetworks, "NetworkSettings of a listed container", (networks, ""))
struct Listed {
  std::string id{};
  std::vector<std::string> names{};
  std::string image{};
  std::string image_id{};
  std::string command{};
  std::int64_t created = 0;
  std::vector<Port> ports{};
  std::map<std::string, std::string> labels{};
  std::string state{};
  std::string status{};
  ListedNetworks network_settings{};
};
OPSHOST_RECORD(Listed, "A container as the API lists it", (id, ""), (names, ""), (image, ""), (image_id, ""),
               (command, ""), (created, ""), (ports, ""), (labels, ""), (state, ""), (status, ""),
               (network_settings, ""))

struct Named {
  std::string id{};
  std::string name{};
};
OPSHOST_RECORD(Named, "Who an inspected container is", (id, ""), (name, ""))

/// API before 1.23 says it only in words.
std::string state_of(const Listed& listed) {
  if (!listed.state.empty()) return listed.state;
  if (listed.status.starts_with("Up"))
    return listed.status.find("(Paused)") == std::string::npos ? "running" : "paused";
  if (listed.status.starts_with("Restarting")) return "restarting";
  return listed.status.starts_with("Created") ? "created" : listed.status.starts_with("Dead") ? "dead" : "exited";
}

bool is_in_network(const Listed& listed, const std::string& network) {
  const auto& networks = listed.network_settings.networks;
  return std::any_of(networks.begin(), networks.end(), [&](const auto& entry) {
    return entry.first == network || (!network.empty() && entry.second.network_id.starts_with(network));
  });
}

/// One that does not run has no address but the fixed ones it was made with.
void add_addresses(ContainerSummary& summary, const ListedAddress& listed) {
  auto& all = summary.all_addresses;
  const auto add = [&all](const std::string& address) {
    if (!address.empty() && std::find(all.begin(), all.end(), address) == all.end()) all.push_back(address);
  };
  add(listed.ip_address);
  add(listed.global_ipv6_address);
  if (!listed.ipam_config) return;
  add(listed.ipam_config->ipv4_address);
  add(listed.ipam_config->ipv6_address);
}

ContainerSummary summary_of(Listed&& listed) {
  ContainerSummary summary;
  summary.status = state_of(listed);
  summary.id = std::move(listed.id);
  for (std::string& name : listed.names) {
    if (name.starts_with('/')) name.erase(0, 1);
    // Links show as "other/alias".
    if (summary.name.empty() && name.find('/') == std::string::npos) summary.name = name;
  }
  if (summary.name.empty()) summary.name = listed.names.empty() ? short_id(summary.id) : listed.names.front();
  summary.names = std::move(listed.names);
  summary.image = std::move(listed.image);
  summary.image_id = std::move(listed.image_id);
  summary.command = std::move(listed.command);
  summary.created = static_cast<double>(listed.created);
  summary.description = std::move(listed.status);
  summary.labels = std::move(listed.labels);
  for (auto& [network, address] : listed.network_settings.networks) {
    add_addresses(summary, address);
    auto& text = address.ip_address.empty() ? address.global_ipv6_address : address.ip_address;
    if (!text.empty()) summary.addresses.emplace(network, std::move(text));
  }
  summary.ports = std::move(listed.ports);
  return summary;
}

}  // namespace

Awaitable<std::vector<ContainerSummary>> list_containers(Call& call, std::shared_ptr<Connection> engine,
                                                         ListOptions options) {
  std::string target = options.all ? "/containers/json?all=1" : "/containers/json?all=0";
  const int version = co_await engine->version(call);
  const bool filters_networks = version >= kNetworkFilterSince;
  const auto filters = filters_text({{"name", options.name},
                                     {"label", options.label},
                                     {"status", options.status},
                                     {"network", filters_networks ? options.network : std::nullopt},
                                     {"ancestor", options.image}});
  if (!filters.empty()) target += "&filters=" + filters;
  const auto body = co_await engine->get(call, target);
  auto listed = parsed(engine->name(), [&] { return json::read<std::vector<Listed>>(body); });
  if (options.network && !filters_networks) {
    std::erase_if(listed, [&](const Listed& one) { return !is_in_network(one, *options.network); });
  }
  std::vector<ContainerSummary> summaries;
  summaries.reserve(listed.size());
  for (Listed& one : listed) summaries.push_back(summary_of(std::move(one)));
  co_return summaries;
}

Awaitable<std::shared_ptr<Container>> find_container(Call& call, std::shared_ptr<Connection> engine, std::string name) {
  if (name.empty()) throw Error("usage.argument", "the name of the container is empty");
  auto container = std::make_shared<Container>(engine, name, name);
  const auto text = co_await container->inspect_text(call);
  auto found = parsed(engine->name(), [&] { return json::read<Named>(text); });
  if (found.name.starts_with('/')) found.name.erase(0, 1);
  co_return std::make_shared<Container>(engine, found.id, found.name.empty() ? name : found.name);
}

Awaitable<Error> container_not_found(Call& call, std::shared_ptr<Connection> engine, std::string name, Error refused) {
  std::vector<std::string> names;
  try {
    const auto all = co_await list_containers(call, engine, {});
    for (const auto& one : all) names.push_back(one.name);
  } catch (const Error&) {
    // The names would be a help, no more.
  }
  co_return Error("docker.not_found", "no container " + describe(Value(name)) + did_you_mean(name, names))
      .on(engine->name())
      .with(refused.detail());
}

}  // namespace opshost::docker
