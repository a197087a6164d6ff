#pragma once
// An inventory as scripts hold it.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bindings/data/inventory/host.hpp"
#include "bindings/data/inventory/model.hpp"

namespace opshost::data::inventory {

enum class Format : std::uint8_t { automatic, yaml, ini };
OPSHOST_ENUM(Format, "How an inventory is written", (automatic, "auto"), (yaml, "yaml"), (ini, "ini"))

class Inventory {
 public:
  /// Everything is checked here, also what a `via` or a password says. Throws Error: data.* and inventory.*.
  /// `automatic` goes by the file's ending, then by the first line.
  Inventory(std::string text, const std::string& file, Format format);
  Inventory(const Inventory&) = delete;
  Inventory& operator=(const Inventory&) = delete;
  ~Inventory();

  /// "inventory hosts.yml".
  [[nodiscard]] std::string subject() const;
  /// The hosts `limit` means, in the inventory's order. Throws Error inventory.unknown_host, inventory.unknown_group,
  /// inventory.limit.
  [[nodiscard]] std::vector<InventoryHost> hosts(const std::optional<std::string>& limit) const;
  [[nodiscard]] std::vector<std::string> names(const std::optional<std::string>& limit) const;
  /// Throws Error inventory.unknown_host.
  [[nodiscard]] InventoryHost host(const std::string& name) const;
  [[nodiscard]] std::optional<InventoryHost> find_host(const std::string& name) const;
  /// Throws Error inventory.unknown_group.
  [[nodiscard]] InventoryGroup group(const std::string& name) const;
  [[nodiscard]] std::vector<std::string> groups() const;

 private:
  class Resolver;

  std::string text_;
  Model model_;
  std::unique_ptr<Resolver> resolver_;
};

/// The numbers of the hosts a limit means, ascending: terms with commas between, each a host or a pattern ("db*",
/// "db[1-3]") or a group ("@web"); "!" takes away, "&" keeps only those. Throws Error.
std::vector<std::size_t> select_hosts(const Model& model, std::string_view limit);

}  // namespace opshost::data::inventory
