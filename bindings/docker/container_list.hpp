#pragma once
// The containers of an engine.
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bindings/docker/connection.hpp"
#include "host/lua/record.hpp"

namespace opshost::docker {

struct ListOptions {
  bool all = true;
  std::optional<std::string> name{};
  std::optional<std::string> label{};
  std::optional<std::string> status{};
  std::optional<std::string> network{};
  std::optional<std::string> image{};
};
OPSHOST_RECORD(ListOptions, "Which containers to list", (all, "false: only those that run"),
               (name, "a regular expression in the engine's spelling (Go) that a name has to match"),
               (label, "\"role\" or \"role=broker\""),
               (status, "\"created\", \"running\", \"paused\", \"restarting\", \"exited\" or \"dead\""),
               (network, "name or id of a network they are connected to"),
               (image, "name or id of the image they, or what they are built on, were made from"))

struct Port {
  std::optional<std::string> ip{};
  std::int64_t private_port = 0;
  std::optional<std::int64_t> public_port{};
  std::string type{};
};
OPSHOST_RECORD(Port, "A port of a container", (ip, "address of the host it is published at; nil where it is not"),
               (private_port, "the number inside"),
               (public_port, "the number at the host; nil where it is not published"),
               (type, "\"tcp\", \"udp\" or \"sctp\""))

struct ContainerSummary {
  std::string id{};
  std::string name{};
  std::vector<std::string> names{};
  std::string image{};
  std::string image_id{};
  std::string command{};
  double created = 0;
  std::string status{};
  std::string description{};
  std::map<std::string, std::string> labels{};
  std::map<std::string, std::string> addresses{};
  std::vector<std::string> all_addresses{};
  std::vector<Port> ports{};
};
OPSHOST_RECORD(ContainerSummary, "A container, as a list shows it", (id, "its id, 64 digits"), (name, "its name"),
               (names, "all of its names, links included"), (image, "what it was made from"),
               (image_id, "the id of that image"), (command, "what it runs"),
               (created, "when it was made, in seconds since 1970"),
               (status, "\"created\", \"running\", \"paused\", \"restarting\", \"exited\" or \"dead\""),
               (description, "the engine's words for it: \"Up 3 minutes (healthy)\""), (labels, "its labels"),
               (addresses,
                "its IP address in each network, by the network's name: the IPv4 address where it has one; one that "
                "does not run has none"),
               (all_addresses,
                "its addresses in all networks, IPv4 and IPv6, and the fixed ones it was made with, also while it does "
                "not run"),
               (ports, "its ports"))

Awaitable<std::vector<ContainerSummary>> list_containers(Call& call, std::shared_ptr<Connection> engine,
                                                         ListOptions options);

}  // namespace opshost::docker
