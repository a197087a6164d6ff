// Inventories, both ways of writing them, and selections from them.
#include "bindings/data/inventory/inventory.hpp"
#include "tests/fuzz/property.hpp"

namespace {

using namespace opshost::data::inventory;

void use(const Inventory& inventory, const std::string& limit) {
  for (const auto& group : inventory.groups()) (void)inventory.group(group);
  const auto all = inventory.names({});
  for (const auto& name : all) holds(inventory.find_host(name).has_value(), "a host that is listed is there");
  try {
    holds(inventory.names(limit).size() <= all.size(), "a selection is a part of the whole");
  } catch (const opshost::Error& error) {
    holds(error.code().starts_with("inventory."), "a selection fails as an inventory does");
  }
}

}  // namespace

/// The first line is a selection, the rest the inventory.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string input = text_of(bytes, size);
  const std::size_t end = input.find('\n');
  if (end == std::string::npos) return 0;
  for (const Format format : {Format::yaml, Format::ini}) {
    try {
      use(Inventory(input.substr(end + 1), "input", format), input.substr(0, end));
    } catch (const opshost::Error& error) {
      holds(error.message().starts_with("input:"), "an error names the place");
    }
  }
  return 0;
}
