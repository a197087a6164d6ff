#pragma once
// Several engines seen as one.
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "bindings/docker/engine.hpp"

namespace opshost::docker {

struct ClusterContainer {
  std::string host{};
  std::string id{};
  std::string name{};
  std::string image{};
  std::string status{};
  std::string description{};
  std::map<std::string, std::string> labels{};
  std::map<std::string, std::string> addresses{};
  std::vector<std::string> all_addresses{};
};
OPSHOST_RECORD(ClusterContainer, "A container of one of several engines", (host, "which engine it is on"),
               (id, "its id, 64 digits"), (name, "its name"), (image, "what it was made from"),
               (status, "\"created\", \"running\", \"paused\", \"restarting\", \"exited\" or \"dead\""),
               (description, "the engine's words for it: \"Up 3 minutes (healthy)\""), (labels, "its labels"),
               (addresses,
                "its IP address in each network, by the network's name: the IPv4 address where it has one; one that "
                "does not run has none"),
               (all_addresses,
                "its addresses in all networks, IPv4 and IPv6, and the fixed ones it was made with, also while it does "
                "not run"))

struct SilentHost {
  std::string host{};
  std::string code{};
  std::string message{};
};
OPSHOST_RECORD(SilentHost, "An engine that did not answer", (host, "which one"),
               (code, "of the error: \"docker.unreachable\""), (message, "of the error"))

struct ClusterListing {
  std::vector<ClusterContainer> containers{};
  std::vector<SilentHost> failed{};
};
OPSHOST_RECORD(ClusterListing, "What several engines have",
               (containers, "the containers of all that answered, by host and name"),
               (failed, "the engines that did not answer; what they have is not known"))

struct ClusterListOptions {
  bool all = true;
  std::optional<std::string> name{};
  std::optional<std::string> label{};
  std::optional<std::string> status{};
  std::optional<std::string> network{};
  Duration host_timeout = std::chrono::seconds(10);
};
OPSHOST_RECORD(ClusterListOptions, "Which containers to list", (all, "false: only those that run"),
               (name, "a regular expression in the engine's spelling (Go) that a name has to match"),
               (label, "\"role\" or \"role=broker\""),
               (status, "\"created\", \"running\", \"paused\", \"restarting\", \"exited\" or \"dead\""),
               (network, "name or id of a network they are connected to"),
               (host_timeout, "how long one engine may take; it is then among the failed"))

class Cluster {
 public:
  explicit Cluster(std::map<std::string, std::shared_ptr<Engine>> engines) : engines_(std::move(engines)) {}

  [[nodiscard]] std::string subject() const;
  /// All at once. An engine that does not answer is reported, never left out in silence.
  Awaitable<ClusterListing> listing(Call& call, ClusterListOptions options);
  /// The containers alone. Throws docker.incomplete where an engine did not answer.
  Awaitable<std::vector<ClusterContainer>> containers(Call& call, ClusterListOptions options);
  /// The container of that name or whole id, on whichever engine. Throws docker.not_found, docker.ambiguous, and
  /// docker.incomplete where it, or another one of that name, may be on an engine that did not answer.
  Awaitable<std::shared_ptr<Container>> container(Call& call, std::string name);
  /// The engine of a host. Throws docker.not_found with the nearest name.
  std::shared_ptr<Engine> engine(const std::string& host) const;

 private:
  std::map<std::string, std::shared_ptr<Engine>> engines_;
};

using ClusterMembers = std::variant<std::map<std::string, std::shared_ptr<Engine>>, std::vector<std::string>>;
std::shared_ptr<Cluster> cluster_of(const ClusterMembers& members, const ConnectOptions& options);

}  // namespace opshost::docker
