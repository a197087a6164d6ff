#include "host/lua/inventory_choice.hpp"

#include <utility>

namespace opshost {

namespace {
InventoryChoice& choice_in_use() {
  static InventoryChoice choice;
  return choice;
}
}  // namespace

void use_inventory(InventoryChoice choice) { choice_in_use() = std::move(choice); }
const InventoryChoice& chosen_inventory() { return choice_in_use(); }

}  // namespace opshost
