#include "bindings/data/inventory/inventory.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "bindings/data/inventory/readers.hpp"
#include "host/base/names.hpp"
#include "host/base/secret_patterns.hpp"
#include "host/lua/value_of.hpp"

namespace opshost::data::inventory {

namespace {

/// Connection details by the names they have here and in Ansible.
struct Spelling {
  std::string_view written;
  std::string_view field;
};
constexpr std::array<Spelling, 16> kSpellings{{{"address", "address"},
                                               {"ansible_host", "address"},
                                               {"ansible_ssh_host", "address"},
                                               {"port", "port"},
                                               {"ansible_port", "port"},
                                               {"ansible_ssh_port", "port"},
                                               {"user", "user"},
                                               {"ansible_user", "user"},
                                               {"ansible_ssh_user", "user"},
                                               {"key", "key"},
                                               {"ansible_private_key_file", "key"},
                                               {"ansible_ssh_private_key_file", "key"},
                                               {"password", "password"},
                                               {"ansible_password", "password"},
                                               {"ansible_ssh_pass", "password"},
                                               {"known_hosts", "known_hosts"}}};

std::string_view field_of(std::string_view variable) {
  const auto found = std::find_if(kSpellings.begin(), kSpellings.end(),
                                  [&](const Spelling& spelling) { return spelling.written == variable; });
  return found == kSpellings.end() ? std::string_view() : found->field;
}

/// Gateways one behind the other; more are a mistake.
constexpr std::size_t kMostHops = 16;

/// A secret in it that is no reference, also in a variable's maps and lists.
bool has_plain_secret(std::string_view name, const Value& value) {
  if (const auto* list = value.get_if<ValueList>()) {
    return std::any_of(list->begin(), list->end(),
                       [&](const Value& element) { return has_plain_secret(name, element); });
  }
  if (const auto* map = value.get_if<ValueMap>()) {
    return std::any_of(map->begin(), map->end(),
                       [](const auto& field) { return has_plain_secret(field.first, field.second); });
  }
  return is_secret_field(name, value);
}

Format format_of(std::string_view text, const std::string& file) {
  if (file.ends_with(".yml") || file.ends_with(".yaml") || file.ends_with(".json")) return Format::yaml;
  if (file.ends_with(".ini") || file.ends_with(".cfg")) return Format::ini;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const auto line = text.substr(0, end);
    const std::size_t first = line.find_first_not_of(" \t\r");
    if (first != std::string_view::npos && line[first] != '#' && line[first] != ';') {
      const auto content = line.substr(first, line.find_last_not_of(" \t\r") - first + 1);
      return content == "---" || content.front() == '{' || content.ends_with(':') ? Format::yaml : Format::ini;
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return Format::ini;
}

}  // namespace

/// Turns what the text says of a host into what is true for it.
class Inventory::Resolver {
 public:
  explicit Resolver(const Model& model) : model_(model) {}

  InventoryHost resolve(std::size_t number) {
    Way way;
    std::size_t hops = 0;
    return resolve(number, way, hops);
  }

  std::vector<std::string> members(std::size_t group) const {
    std::vector<std::string> names;
    for (const std::size_t number : select_hosts(model_, "@" + model_.groups()[group].name)) {
      names.push_back(model_.hosts()[number].name);
    }
    return names;
  }

 private:
  /// What every host of the same groups has in common.
  struct Inherited {
    std::vector<std::string> groups;
    std::vector<const Variable*> variables;  ///< later ones win
  };
  using Way = std::vector<std::size_t>;
  /// A host as others go through it, and how many it goes through itself.
  struct Hop {
    Value host;
    std::size_t hops = 0;
  };

  const Inherited& inherited(const std::vector<std::size_t>& groups) {
    const auto [entry, is_new] = inherited_.try_emplace(groups);
    if (!is_new) return entry->second;
    std::set<std::size_t> around{0};
    for (const std::size_t group : groups) add_with_parents(group, around);
    std::vector<std::size_t> sorted(around.begin(), around.end());
    const auto& all = model_.groups();
    std::sort(sorted.begin(), sorted.end(), [&](std::size_t one, std::size_t other) {
      return all[one].depth != all[other].depth ? all[one].depth < all[other].depth : all[one].name < all[other].name;
    });
    for (const std::size_t group : sorted) {
      entry->second.groups.push_back(all[group].name);
      for (const auto& variable : all[group].variables) entry->second.variables.push_back(&variable);
    }
    return entry->second;
  }

  void add_with_parents(std::size_t group, std::set<std::size_t>& around) const {
    if (!around.insert(group).second) return;
    for (const std::size_t parent : model_.groups()[group].parents) add_with_parents(parent, around);
  }

  /// `hops`: how many hosts it goes through.
  InventoryHost resolve(std::size_t number, Way& way, std::size_t& hops) {
    const Host& host = model_.hosts()[number];
    const Inherited& common = inherited(host.groups);
    InventoryHost resolved{.name = host.name, .address = host.name, .groups = common.groups};
    const Variable* via = nullptr;
    const auto take_or_keep = [&](const Variable& variable) {
      if (variable.name == "via") {
        via = &variable;
      } else {
        take(resolved, variable);
      }
    };
    for (const Variable* variable : common.variables) take_or_keep(*variable);
    for (const auto& variable : host.variables) take_or_keep(variable);
    // Only the one that counts: the way of a group may not be that of its gateway.
    if (via != nullptr) take_via(resolved, *via, number, way, hops);
    return resolved;
  }

  void take(InventoryHost& host, const Variable& variable) {
    const auto field = field_of(variable.name);
    if (has_plain_secret(variable.name, variable.value)) fail_plain_secret(host, variable);
    if (variable.name == "ansible_connection") check_connection(host, variable);
    note_place(host, field.empty() ? variable.name : field, variable);
    if (field.empty()) {
      host.vars[variable.name] = variable.value;
    } else if (field == "port") {
      host.port = port(host, variable);
    } else {
      take_text(host, field, variable);
    }
  }

  /// Whoever opens the secret says where it was spoken of.
  void note_place(InventoryHost& host, std::string_view name, const Variable& variable) {
    const auto* text = variable.value.get_if<std::string>();
    if (text == nullptr || !is_secret_name(variable.name) || !is_secret_reference(*text)) return;
    if (!host.places) host.places.emplace();
    std::erase_if(*host.places, [&](const auto& earlier) { return earlier.second == name; });
    (*host.places)[model_.place(variable.offset)] = std::string(name);
  }

  void check_connection(const InventoryHost& host, const Variable& variable) const {
    const auto* kind = variable.value.get_if<std::string>();
    for (const std::string_view known : {"ssh", "smart", "paramiko", "paramiko_ssh"}) {
      if (kind != nullptr && *kind == known) return;
    }
    model_.fail("inventory.value", variable.offset,
                "ansible_connection of " + quoted(host.name) + " is " + describe(variable.value) +
                    "; hosts of an inventory are reached by ssh. For this machine use the module `local`");
  }

  void take_text(InventoryHost& host, std::string_view field, const Variable& variable) {
    const auto* given = variable.value.get_if<std::string>();
    // Numbers are names, too: a user "1001".
    const auto* number = variable.value.get_if<std::int64_t>();
    if (given == nullptr && number == nullptr) fail(host, variable, "a text");
    const std::string text = given != nullptr ? *given : std::to_string(*number);
    // An empty one is no secret, and no reference either.
    if (field == "password" && !is_secret_reference(text)) fail_plain_secret(host, variable);
    if (field == "address") host.address = text;
    if (field == "user") host.user = text;
    if (field == "key") host.key = text;
    if (field == "password") host.password = text;
    if (field == "known_hosts") host.known_hosts = text;
  }

  [[noreturn]] void fail_plain_secret(const InventoryHost& host, const Variable& variable) const {
    model_.fail("inventory.plain_secret", variable.offset,
                variable.name + " of " + quoted(host.name) +
                    " is to say where the secret is, not what it is: env:NAME, file:PATH, command:PROGRAM or input");
  }

  std::uint16_t port(const InventoryHost& host, const Variable& variable) {
    const auto* number = variable.value.get_if<std::int64_t>();
    if (number == nullptr || *number < 1 || *number > 65535) fail(host, variable, "a number from 1 to 65535");
    return static_cast<std::uint16_t>(*number);
  }

  /// A host a group goes through is not its own way: `via` of the group it is in passes it by.
  void take_via(InventoryHost& host, const Variable& variable, std::size_t number, Way& way, std::size_t& hops) {
    const auto* name = variable.value.get_if<std::string>();
    if (variable.value.is_null()) return;
    if (name == nullptr) fail(host, variable, "the name of another host");
    const std::size_t next = model_.find_host(*name);
    if (next == Model::npos) {
      model_.fail("inventory.unknown_host", variable.offset,
                  "via of " + quoted(host.name) + " names " + quoted(*name) + ", which is no host of this inventory" +
                      did_you_mean(*name, model_.host_names()));
    }
    if (next == number) return;
    if (std::find(way.begin(), way.end(), next) != way.end()) {
      model_.fail("inventory.circle", variable.offset,
                  "the way to " + quoted(host.name) + " goes through " + quoted(*name) + " twice");
    }
    way.push_back(number);
    if (way.size() > kMostHops) fail_long_way(model_.hosts()[way.front()].name, variable);
    const Hop& gateway = hop(next, way);
    way.pop_back();
    if (gateway.hops >= kMostHops) fail_long_way(host.name, variable);
    hops = gateway.hops + 1;
    host.via = gateway.host;
  }

  [[noreturn]] void fail_long_way(const std::string& host, const Variable& variable) const {
    model_.fail("inventory.circle", variable.offset,
                "the way to " + quoted(host) + " goes through more than " + std::to_string(kMostHops) + " hosts");
  }

  /// Kept: a site goes through few of them.
  const Hop& hop(std::size_t number, Way& way) {
    const auto known = hops_.find(number);
    if (known != hops_.end()) return known->second;
    std::size_t hops = 0;
    InventoryHost resolved = resolve(number, way, hops);
    resolved.vars.clear();
    resolved.groups.clear();
    return hops_.emplace(number, Hop{.host = value_of(resolved), .hops = hops}).first->second;
  }

  [[noreturn]] void fail(const InventoryHost& host, const Variable& variable, const std::string& expected) const {
    model_.fail(
        "inventory.value", variable.offset,
        variable.name + " of " + quoted(host.name) + " is " + describe(variable.value) + "; expected " + expected);
  }

  const Model& model_;
  std::map<std::vector<std::size_t>, Inherited> inherited_;
  std::map<std::size_t, Hop> hops_;
};

Inventory::Inventory(std::string text, const std::string& file, Format format)
    : text_(std::move(text)), model_(text_, file) {
  const Format known = format == Format::automatic ? format_of(text_, file) : format;
  known == Format::yaml ? read_yaml(model_, text_) : read_ini(model_, text_);
  model_.finish();
  resolver_ = std::make_unique<Resolver>(model_);
  for (std::size_t i = 0; i < model_.hosts().size(); ++i) resolver_->resolve(i);
}

Inventory::~Inventory() = default;

std::string Inventory::subject() const {
  return model_.file().empty() ? std::string("inventory") : "inventory " + model_.file();
}

std::vector<InventoryHost> Inventory::hosts(const std::optional<std::string>& limit) const {
  std::vector<InventoryHost> list;
  for (const std::size_t number : select_hosts(model_, limit.value_or("all"))) {
    list.push_back(resolver_->resolve(number));
  }
  return list;
}

std::vector<std::string> Inventory::names(const std::optional<std::string>& limit) const {
  std::vector<std::string> list;
  for (const std::size_t number : select_hosts(model_, limit.value_or("all"))) {
    list.push_back(model_.hosts()[number].name);
  }
  return list;
}

InventoryHost Inventory::host(const std::string& name) const {
  auto found = find_host(name);
  if (!found) {
    throw Error("inventory.unknown_host", "there is no host " + quoted(name) + did_you_mean(name, model_.host_names()))
        .on(subject());
  }
  return *std::move(found);
}

std::optional<InventoryHost> Inventory::find_host(const std::string& name) const {
  const std::size_t number = model_.find_host(name);
  if (number == Model::npos) return std::nullopt;
  return resolver_->resolve(number);
}

InventoryGroup Inventory::group(const std::string& name) const {
  const std::size_t number = model_.find_group(name);
  if (number == Model::npos) {
    throw Error("inventory.unknown_group",
                "there is no group " + quoted(name) + did_you_mean(name, model_.group_names()))
        .on(subject());
  }
  const Group& group = model_.groups()[number];
  InventoryGroup described{.name = group.name, .hosts = resolver_->members(number)};
  for (const std::size_t child : group.children) described.children.push_back(model_.groups()[child].name);
  for (const auto& variable : group.variables) described.vars[variable.name] = variable.value;
  return described;
}

std::vector<std::string> Inventory::groups() const { return model_.group_names(); }

}  // namespace opshost::data::inventory
