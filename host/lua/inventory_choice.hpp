#pragma once
#include <optional>
#include <string>

namespace opshost {

/// --inventory and --limit: the site a script works on, and which of its hosts. Set once, before a script runs.
struct InventoryChoice {
  std::optional<std::string> file;
  std::optional<std::string> limit;
};
void use_inventory(InventoryChoice choice);
const InventoryChoice& chosen_inventory();

}  // namespace opshost
