#pragma once
// The two ways an inventory is written, both as Ansible has them.
#include "bindings/data/inventory/model.hpp"

namespace opshost::data::inventory {

/// Throws Error: data.* where the text is no YAML, inventory.* where it is no inventory.
void read_yaml(Model& model, std::string_view text);

/// Throws Error: inventory.*.
void read_ini(Model& model, std::string_view text);

}  // namespace opshost::data::inventory
