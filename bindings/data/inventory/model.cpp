#include "bindings/data/inventory/model.hpp"

#include <algorithm>
#include <charconv>

#include "host/base/names.hpp"
#include "host/json/document_error.hpp"

namespace opshost::data::inventory {

namespace {

/// Groups within groups; deeper ones are a mistake, and every walk along them recurses.
constexpr std::size_t kDeepest = 100;

/// A typing mistake in a range, or a text made to do harm, shall not take all memory. Looking for a variable among a
/// host's own is a walk along them.
constexpr std::size_t kMostHosts = 100'000;
constexpr std::size_t kMostGroups = 10'000;
constexpr std::size_t kMostVariables = 1'000;
constexpr std::size_t kMostHostVariables = 1'000'000;

/// "web1:2222" as Ansible has it: a name and its sshd's port. A range has its colons in brackets, an IPv6 address more
/// than one.
std::string_view port_of(std::string_view name) {
  const std::size_t colon = name.rfind(':');
  if (colon == std::string_view::npos || colon == 0 || name.find_first_of(":]", colon + 1) != std::string_view::npos)
    return {};
  const auto port = name.substr(colon + 1);
  const auto before = name.substr(0, colon);
  const bool is_only = std::count(before.begin(), before.end(), ':') == 0 || before.ends_with(']');
  const bool is_number =
      !port.empty() && port.size() <= 5 && port.find_first_not_of("0123456789") == std::string_view::npos;
  return is_only && is_number ? port : std::string_view();
}

}  // namespace

std::string quoted(std::string_view name) { return describe(Value(std::string(name))); }

Model::Model(std::string_view text, std::string file) : text_(text), file_(std::move(file)) {
  groups_.push_back({.name = "all", .is_defined = true});
  group_numbers_.emplace("all", 0);
}

void Model::fail(const char* code, std::size_t offset, const std::string& problem) const {
  throw document_error(code, file_, text_place(text_, offset), problem);
}

std::string Model::place(std::size_t offset) const {
  const auto next = std::upper_bound(lines_.begin(), lines_.end(), offset);
  const std::size_t begin = next == lines_.begin() ? 0 : *std::prev(next);
  const auto line = static_cast<std::size_t>(next - lines_.begin());
  return place_text(file_, {.line = line, .column = text_place(text_.substr(begin), offset - begin).column});
}

void Model::fail_limit(std::size_t offset, std::size_t most, const char* of_what) const {
  fail("data.limit", offset, "there are more than " + std::to_string(most) + " " + of_what);
}

std::size_t Model::group(std::string_view name, std::size_t offset) {
  const auto [entry, is_new] = group_numbers_.try_emplace(std::string(name), groups_.size());
  if (is_new) {
    const bool is_word = !name.empty() && name.find_first_of(" \t,!&@*?[]:=") == std::string_view::npos;
    if (!is_word) fail("inventory.syntax", offset, quoted(name) + " is no name for a group");
    groups_.push_back({.name = std::string(name), .offset = offset});
    if (groups_.size() > kMostGroups) fail_limit(offset, kMostGroups, "groups");
  }
  return entry->second;
}

void Model::define_group(std::size_t group, std::size_t offset) {
  if (!groups_[group].is_defined) groups_[group].offset = offset;
  groups_[group].is_defined = true;
}

void Model::add_child(std::size_t parent, std::size_t child) {
  auto& children = groups_[parent].children;
  if (std::find(children.begin(), children.end(), child) != children.end()) return;
  children.push_back(child);
  groups_[child].parents.push_back(parent);
}

void Model::set_variable(std::size_t group, Variable variable) {
  for (const auto& known : groups_[group].variables) {
    if (known.name != variable.name || known.value == variable.value) continue;
    fail("inventory.conflict", variable.offset,
         "the group " + quoted(groups_[group].name) + " has " + variable.name + " = " + describe(known.value) +
             " already, from " + place_text(file_, text_place(text_, known.offset)));
  }
  if (groups_[group].variables.size() == kMostVariables)
    fail_limit(variable.offset, kMostVariables, "variables of a group");
  groups_[group].variables.push_back(std::move(variable));
}

std::size_t Model::host(const std::string& name, std::size_t offset) {
  const auto [entry, is_new] = host_numbers_.try_emplace(name, hosts_.size());
  if (is_new) {
    const bool is_word = !name.empty() && name.find_first_of(" \t,!&@*?[]=\n") == std::string::npos;
    if (!is_word) fail("inventory.syntax", offset, quoted(name) + " is no name for a host");
    hosts_.push_back({.name = name, .offset = offset});
    if (hosts_.size() > kMostHosts) fail_limit(offset, kMostHosts, "hosts");
  }
  return entry->second;
}

std::vector<std::size_t> Model::add_hosts(std::size_t group, std::string_view pattern, std::size_t offset) {
  if (const auto port = port_of(pattern); !port.empty()) {
    const auto numbers = add_hosts(group, pattern.substr(0, pattern.size() - port.size() - 1), offset);
    std::int64_t value = 0;
    std::from_chars(port.data(), port.data() + port.size(), value);
    const Variable variable{.name = "port", .value = value, .offset = offset};
    for (const std::size_t number : numbers) set_host_variable(number, variable);
    return numbers;
  }
  std::string problem;
  const auto names = expand_ranges(pattern, problem);
  if (names.empty()) fail("inventory.syntax", offset, quoted(pattern) + ": " + problem);
  std::vector<std::size_t> numbers;
  numbers.reserve(names.size());
  for (const auto& name : names) {
    const std::size_t number = host(name, offset);
    auto& groups = hosts_[number].groups;
    if (std::find(groups.begin(), groups.end(), group) != groups.end()) {
      fail("inventory.duplicate_host", offset,
           "the group " + quoted(groups_[group].name) + " lists the host " + quoted(name) + " twice");
    }
    groups.push_back(group);
    groups_[group].hosts.push_back(number);
    numbers.push_back(number);
  }
  return numbers;
}

void Model::set_host_variable(std::size_t number, const Variable& variable) {
  auto& known = hosts_[number].variables;
  const auto same =
      std::find_if(known.begin(), known.end(), [&](const auto& one) { return one.name == variable.name; });
  if (same == known.end()) {
    if (known.size() == kMostVariables) fail_limit(variable.offset, kMostVariables, "variables of a host");
    if (++host_variables_ > kMostHostVariables) {
      fail_limit(variable.offset, kMostHostVariables, "variables of all hosts together");
    }
    known.push_back(variable);
  } else if (same->value != variable.value) {
    fail("inventory.conflict", variable.offset,
         "the host " + quoted(hosts_[number].name) + " has " + variable.name + " = " + describe(same->value) +
             " already, from " + place_text(file_, text_place(text_, same->offset)));
  }
}

/// Depth first; `way` is the path to the group, for the message of a circle.
void Model::visit(std::size_t number, std::vector<Visit>& visits, std::vector<std::size_t>& way) {
  if (way.size() > kDeepest) {
    fail("inventory.circle", groups_[number].offset, "groups nest deeper than " + std::to_string(kDeepest) + " levels");
  }
  way.push_back(number);
  visits[number] = Visit::open;
  for (const std::size_t child : groups_[number].children) {
    if (visits[child] == Visit::open) {
      std::string circle;
      for (auto step = std::find(way.begin(), way.end(), child); step != way.end(); ++step) {
        circle += groups_[*step].name + " -> ";
      }
      fail("inventory.circle", groups_[child].offset, "groups contain each other: " + circle + groups_[child].name);
    }
    if (visits[child] == Visit::none) visit(child, visits, way);
  }
  visits[number] = Visit::done;
  way.pop_back();
}

void Model::finish() {
  lines_ = {0};
  for (std::size_t end = text_.find('\n'); end != std::string_view::npos; end = text_.find('\n', end + 1)) {
    lines_.push_back(end + 1);
  }
  for (const auto& group : groups_) {
    if (group.is_defined) continue;
    std::vector<std::string> defined;
    for (const auto& other : groups_) {
      if (other.is_defined) defined.push_back(other.name);
    }
    fail("inventory.unknown_group", group.offset,
         "nothing defines the group " + quoted(group.name) + did_you_mean(group.name, defined));
  }
  for (std::size_t i = 1; i < groups_.size(); ++i) {
    if (groups_[i].parents.empty()) add_child(0, i);
  }
  std::vector<Visit> visits(groups_.size(), Visit::none);
  std::vector<std::size_t> way;
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    if (visits[i] == Visit::none) visit(i, visits, way);
  }
  // Without circles, as many rounds as there are levels settle every depth.
  for (bool changed = true; changed;) {
    changed = false;
    for (const auto& group : groups_) {
      for (const std::size_t child : group.children) {
        if (groups_[child].depth > group.depth) continue;
        groups_[child].depth = group.depth + 1;
        changed = true;
      }
    }
  }
}

std::size_t Model::find_host(std::string_view name) const {
  const auto found = host_numbers_.find(std::string(name));
  return found == host_numbers_.end() ? npos : found->second;
}

std::size_t Model::find_group(std::string_view name) const {
  const auto found = group_numbers_.find(std::string(name));
  return found == group_numbers_.end() ? npos : found->second;
}

std::vector<std::string> Model::host_names() const {
  std::vector<std::string> names;
  for (const auto& host : hosts_) names.push_back(host.name);
  return names;
}

std::vector<std::string> Model::group_names() const {
  std::vector<std::string> names;
  for (const auto& group : groups_) names.push_back(group.name);
  return names;
}

}  // namespace opshost::data::inventory
