#include <algorithm>

#include "bindings/data/inventory/inventory.hpp"
#include "host/base/names.hpp"

namespace opshost::data::inventory {

namespace {

using Set = std::vector<bool>;

bool is_glob(std::string_view text) { return text.find_first_of("*?") != std::string_view::npos; }

/// "*" is any text, "?" any character. Linear but for the last star, which is tried again.
bool fits(std::string_view name, std::string_view glob) {
  std::size_t n = 0;
  std::size_t g = 0;
  std::size_t star = std::string_view::npos;
  std::size_t resume = 0;
  while (n < name.size()) {
    if (g < glob.size() && glob[g] == '*') {
      star = g++;
      resume = n;
    } else if (g < glob.size() && (glob[g] == '?' || glob[g] == name[n])) {
      ++n;
      ++g;
    } else if (star != std::string_view::npos) {
      g = star + 1;
      n = ++resume;
    } else {
      return false;
    }
  }
  while (g < glob.size() && glob[g] == '*') ++g;
  return g == glob.size();
}

void add_group(const Model& model, std::size_t number, Set& hosts, Set& seen) {
  if (seen[number]) return;
  seen[number] = true;
  const Group& group = model.groups()[number];
  for (const std::size_t host : group.hosts) hosts[host] = true;
  for (const std::size_t child : group.children) add_group(model, child, hosts, seen);
}

void add_group(const Model& model, std::size_t number, Set& hosts) {
  Set seen(model.groups().size());
  add_group(model, number, hosts, seen);
}

class Selection {
 public:
  Selection(const Model& model, std::string_view limit) : model_(model), limit_(limit) {}

  /// Whatever their order: the union of the plain terms (all hosts where there is none), then "&", then "!".
  std::vector<std::size_t> run() {
    const std::size_t count = model_.hosts().size();
    Set wanted(count);
    Set kept(count, true);
    Set excluded(count);
    bool has_plain = false;
    std::string_view rest = limit_;
    for (bool is_last = false; !is_last;) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      auto term = trimmed(rest.substr(0, comma));
      is_last = comma == rest.size();
      rest.remove_prefix(std::min(comma + 1, rest.size()));
      const char sign = !term.empty() && (term.front() == '!' || term.front() == '&') ? term.front() : '+';
      if (sign != '+') term.remove_prefix(1);
      if (term.empty() || term == "@") fail("there is nothing between two commas");
      const Set meant = hosts_of(term);
      has_plain = has_plain || sign == '+';
      for (std::size_t i = 0; i < count; ++i) {
        if (sign == '+') wanted[i] = wanted[i] || meant[i];
        if (sign == '&') kept[i] = kept[i] && meant[i];
        if (sign == '!') excluded[i] = excluded[i] || meant[i];
      }
    }
    std::vector<std::size_t> numbers;
    for (std::size_t i = 0; i < count; ++i) {
      if ((wanted[i] || !has_plain) && kept[i] && !excluded[i]) numbers.push_back(i);
    }
    return numbers;
  }

 private:
  static std::string_view trimmed(std::string_view text) {
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
    return text;
  }

  [[noreturn]] void fail(const std::string& problem) const {
    throw Error("inventory.limit", "the limit " + quoted(limit_) + ": " + problem);
  }

  Set hosts_of(std::string_view term) {
    Set hosts(model_.hosts().size());
    if (term == "all") {
      hosts.assign(hosts.size(), true);
    } else if (term == "@ungrouped" && model_.find_group("ungrouped") == Model::npos) {
      // Ansible's name for what stands in no group but "all".
      for (std::size_t i = 0; i < hosts.size(); ++i) hosts[i] = is_ungrouped(model_.hosts()[i]);
    } else if (term.front() == '@') {
      add_groups(term.substr(1), hosts);
    } else {
      add_hosts(term, hosts);
    }
    return hosts;
  }

  static bool is_ungrouped(const Host& host) {
    return std::all_of(host.groups.begin(), host.groups.end(), [](std::size_t group) { return group == 0; });
  }

  std::vector<std::string> expanded(std::string_view pattern) const {
    std::string problem;
    auto patterns = expand_ranges(pattern, problem);
    if (patterns.empty()) fail(quoted(pattern) + ": " + problem);
    return patterns;
  }

  void add_groups(std::string_view pattern, Set& hosts) {
    for (const auto& name : expanded(pattern)) {
      bool some = false;
      if (is_glob(name)) {
        for (std::size_t i = 0; i < model_.groups().size(); ++i) {
          if (!fits(model_.groups()[i].name, name)) continue;
          add_group(model_, i, hosts);
          some = true;
        }
      } else if (const std::size_t number = model_.find_group(name); number != Model::npos) {
        add_group(model_, number, hosts);
        some = true;
      }
      if (!some) {
        throw Error("inventory.unknown_group",
                    "there is no group " + quoted(name) + did_you_mean(name, model_.group_names()));
      }
    }
  }

  void add_hosts(std::string_view pattern, Set& hosts) {
    for (const auto& name : expanded(pattern)) {
      bool some = false;
      if (is_glob(name)) {
        for (std::size_t i = 0; i < model_.hosts().size(); ++i) {
          if (!fits(model_.hosts()[i].name, name)) continue;
          hosts[i] = true;
          some = true;
        }
      } else if (const std::size_t number = model_.find_host(name); number != Model::npos) {
        hosts[number] = true;
        some = true;
      }
      if (!some) fail_unknown(name);
    }
  }

  [[noreturn]] void fail_unknown(const std::string& name) const {
    const bool is_group = model_.find_group(name) != Model::npos;
    throw Error("inventory.unknown_host",
                "there is no host " + quoted(name) +
                    (is_group ? "; it is a group: @" + name : did_you_mean(name, model_.host_names())));
  }

  const Model& model_;
  std::string_view limit_;
};

}  // namespace

std::vector<std::size_t> select_hosts(const Model& model, std::string_view limit) {
  return Selection(model, limit).run();
}

}  // namespace opshost::data::inventory
