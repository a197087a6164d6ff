#pragma once
// The hosts of an inventory, for commands that no script runs.
#include <optional>
#include <string>
#include <vector>

#include "host/cli/session.hpp"

namespace opshost::ssh {

struct InventoryTarget {
  std::string name;
  std::string address;
  std::optional<std::uint16_t> port;
  std::optional<std::string> known_hosts;
  std::optional<std::string> via;  ///< the name of the host it is reached through
};

/// Those that `limit` means, in the inventory's order. Throws what ops.inventory says of the file or the limit.
std::vector<InventoryTarget> inventory_targets(const cli::Modules& modules, const std::string& file,
                                               const std::optional<std::string>& limit);

}  // namespace opshost::ssh
