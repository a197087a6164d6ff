#include "bindings/data/inventory/readers.hpp"
#include "bindings/data/yaml/value.hpp"

namespace opshost::data::inventory {

namespace {

using yaml::Node;
using yaml::NodeKind;

/// Groups within groups within the text; Model bounds those by name.
constexpr std::size_t kDeepestText = 50;

class YamlReader {
 public:
  YamlReader(Model& model, const yaml::Tree& tree) : model_(model), tree_(tree) {}

  void run() {
    for (const Node* document : tree_.documents()) {
      if (is_nothing(*document)) continue;
      if (document->kind != NodeKind::map) {
        fail(*document, "an inventory is a map of groups: all: {hosts: ..., children: ...}");
      }
      for (const auto& [name, body] : document->entries) group(*name, *body, 0);
    }
  }

 private:
  [[noreturn]] void fail(const Node& node, const std::string& problem) const {
    model_.fail("inventory.syntax", node.begin, problem);
  }

  static bool is_nothing(const Node& node) {
    return node.kind == NodeKind::scalar && node.style == yaml::Style::plain &&
           (node.text.empty() || node.text == "~" || node.text == "null");
  }

  std::size_t group(const Node& name, const Node& body, std::size_t depth) {
    if (depth > kDeepestText) fail(name, "groups nest deeper than " + std::to_string(kDeepestText) + " levels");
    const std::size_t number = model_.group(name.text, name.begin);
    // A child without a body may be a typing mistake: somebody else has to define it.
    if (is_nothing(body)) {
      if (depth == 0) model_.define_group(number, name.begin);
      return number;
    }
    if (body.kind != NodeKind::map) fail(body, "the group " + quoted(name.text) + " is no map");
    model_.define_group(number, name.begin);
    for (const auto& [key, value] : body.entries) part(number, name, *key, *value, depth);
    return number;
  }

  void part(std::size_t number, const Node& group_name, const Node& key, const Node& value, std::size_t depth) {
    if (is_nothing(value) && (key.text == "hosts" || key.text == "children" || key.text == "vars")) return;
    if (key.text == "hosts") return hosts(number, value);
    if (key.text == "children") return children(number, value, depth);
    if (key.text == "vars") return variables(number, value);
    fail(key, "the group " + quoted(group_name.text) + " has " + quoted(key.text) +
                  "; a group has hosts, children and vars");
  }

  void hosts(std::size_t number, const Node& list) {
    if (list.kind == NodeKind::list) {
      for (const Node* name : list.elements) {
        if (name->kind != NodeKind::scalar) fail(*name, "a host's name is a text; a map of hosts has their variables");
        model_.add_hosts(number, name->text, name->begin);
      }
      return;
    }
    if (list.kind != NodeKind::map) fail(list, "hosts is a map of names, or a list of them");
    for (const auto& [name, body] : list.entries) host(number, *name, *body);
  }

  void host(std::size_t number, const Node& name, const Node& body) {
    const auto added = model_.add_hosts(number, name.text, name.begin);
    if (is_nothing(body)) return;
    if (body.kind != NodeKind::map) fail(body, "the variables of the host " + quoted(name.text) + " are no map");
    for (const auto& field : map_of(body)) {
      for (const std::size_t one : added) model_.set_host_variable(one, field);
    }
  }

  void children(std::size_t number, const Node& map, std::size_t depth) {
    if (map.kind == NodeKind::list) {
      for (const Node* name : map.elements) {
        if (name->kind != NodeKind::scalar) fail(*name, "a group's name is a text");
        model_.add_child(number, model_.group(name->text, name->begin));
      }
      return;
    }
    if (map.kind != NodeKind::map) fail(map, "children is a map of groups, or a list of their names");
    for (const auto& [name, body] : map.entries) model_.add_child(number, group(*name, *body, depth + 1));
  }

  void variables(std::size_t number, const Node& map) {
    if (map.kind != NodeKind::map) fail(map, "vars is a map");
    for (auto& variable : map_of(map)) model_.set_variable(number, std::move(variable));
  }

  std::vector<Variable> map_of(const Node& map) {
    std::vector<Variable> list;
    if (has_merge(map)) {
      const Value expanded = yaml::to_value(tree_, map);
      for (const auto& [name, value] : *expanded.get_if<ValueMap>()) {
        list.push_back({.name = name, .value = value, .offset = map.begin});
      }
      return list;
    }
    list.reserve(map.entries.size());
    for (const auto& [name, value] : map.entries) {
      list.push_back({.name = name->text, .value = yaml::to_value(tree_, *value), .offset = name->begin});
    }
    return list;
  }

  static bool has_merge(const Node& map) {
    for (const auto& [name, value] : map.entries) {
      if (name->text == "<<") return true;
    }
    return false;
  }

  Model& model_;
  const yaml::Tree& tree_;
};

}  // namespace

void read_yaml(Model& model, std::string_view text) {
  const yaml::Tree tree(text, model.file());
  YamlReader(model, tree).run();
}

}  // namespace opshost::data::inventory
