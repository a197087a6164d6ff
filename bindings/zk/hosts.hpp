#pragma once
// The servers of an ensemble, as a script names them.
#include <cstdint>
#include <string>
#include <vector>

#include "bindings/zk/records.hpp"

namespace opshost::zk {

struct HostPort {
  std::string host{};  ///< a name or a numeric address, IPv6 without brackets
  std::uint16_t port = 2181;
};
/// "zk1:2181", "[::1]:2181".
std::string text_of(const HostPort& server);

/// Throws Error("usage.argument") for what names no server.
std::vector<HostPort> parse_hosts(const Hosts& hosts);

}  // namespace opshost::zk
