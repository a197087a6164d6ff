#pragma once
// What an inventory says of one host, and what every `connect` that takes a host understands.
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "host/lua/record.hpp"

namespace opshost::data::inventory {

struct InventoryHost {
  std::string name{};
  std::string address{};
  std::optional<std::uint16_t> port{};
  std::optional<std::string> user{};
  std::optional<std::string> key{};
  std::optional<std::string> password{};
  std::optional<std::string> known_hosts{};
  Any via{};
  std::vector<std::string> groups{};
  std::map<std::string, Any> vars{};
  std::optional<std::map<std::string, std::string>> places{};
};
OPSHOST_RECORD(
    InventoryHost, "One host of an inventory; every `connect` takes it", (name, "what the inventory calls it"),
    (address, "a name or IP address to reach it at; its name unless given"),
    (port, "of its sshd; the connection's default unless given"), (user, "who to log in as"),
    (key, "file of the private key to log in with"),
    (password, "where the password is: \"env:NAME\", \"file:PATH\", \"command:PROGRAM ARGUMENT...\" or \"input\""),
    (known_hosts, "file with the host keys to trust"), (via, "the host to go through: another such record"),
    (groups, "every group it is in, from \"all\" inwards"),
    (vars, "all else the inventory says of it; what is nearer to the host wins"),
    (places, "where the variables stand that say where a secret is, for errors: \"hosts.yml:7:5\" -> its name"))

struct InventoryGroup {
  std::string name{};
  std::vector<std::string> hosts{};
  std::vector<std::string> children{};
  std::map<std::string, Any> vars{};
};
OPSHOST_RECORD(InventoryGroup, "One group of an inventory", (name, "its name"),
               (hosts, "the names of its hosts, those of its children too"), (children, "groups right within it"),
               (vars, "variables of its own"))

}  // namespace opshost::data::inventory
