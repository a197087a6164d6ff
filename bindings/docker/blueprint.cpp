#include "bindings/docker/blueprint.hpp"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <vector>

#include "bindings/docker/short_id.hpp"

namespace opshost::docker {

namespace {

void drop(ValueMap& map, const std::string& name) {
  std::erase_if(map, [&](const auto& entry) { return entry.first == name; });
}

std::string name_of_variable(const Value& entry) {
  const auto* text = entry.get_if<std::string>();
  return text != nullptr ? text->substr(0, text->find('=')) : std::string();
}

/// As the engine writes the place of a mount: "/data/" is "/data".
std::string clean_path(const std::string& path) {
  auto clean = std::filesystem::path(path).lexically_normal().string();
  if (clean.size() > 1 && clean.ends_with('/')) clean.pop_back();
  return clean;
}

/// "logs:/var/log:ro", "/var/log:ro" (a volume without a name) or "/var/log".
struct Bind {
  bool has_source = false;
  std::string destination;
};

Bind bind_of(const std::string& text) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto end = std::min(text.find(':', begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  const bool has_source = parts.size() > 1 && parts[1].starts_with('/');
  return {.has_source = has_source, .destination = clean_path(parts[has_source ? 1 : 0])};
}

bool has_source(const ValueList& binds, const std::string& destination) {
  return std::any_of(binds.begin(), binds.end(), [&](const Value& bind) {
    const auto* text = bind.get_if<std::string>();
    if (text == nullptr) return false;
    const auto known = bind_of(*text);
    return known.has_source && known.destination == destination;
  });
}

Value* mount_at(ValueList& mounts, const std::string& destination) {
  const auto found = std::find_if(mounts.begin(), mounts.end(), [&](const Value& mount) {
    return clean_path(text_at(mount, {"Target"})) == destination;
  });
  return found == mounts.end() ? nullptr : &*found;
}

/// A volume without a name has none in HostConfig: the engine's own for it is put there.
void name_volumes(ValueMap& host, const Value& inspected) {
  ValueList binds = list_at(Value(host), {"Binds"});
  ValueList mounts = list_at(Value(host), {"Mounts"});
  for (const Value& mounted : list_at(inspected, {"Mounts"})) {
    if (text_at(mounted, {"Type"}) != "volume") continue;
    const std::string destination = text_at(mounted, {"Destination"});
    const std::string name = text_at(mounted, {"Name"});
    if (has_source(binds, destination)) continue;
    if (Value* mount = mount_at(mounts, destination)) {
      auto* fields = mount->get_if<ValueMap>();
      if (fields != nullptr && text_at(*mount, {"Source"}).empty()) set_field(*fields, "Source", name);
      continue;
    }
    std::erase_if(binds, [&](const Value& bind) {
      const auto* text = bind.get_if<std::string>();
      return text != nullptr && bind_of(*text).destination == destination;
    });
    std::string bind = name + ":" + destination;
    if (!true_at(mounted, {"RW"})) bind += ":ro";
    binds.emplace_back(std::move(bind));
  }
  if (!binds.empty()) set_field(host, "Binds", std::move(binds));
  if (!mounts.empty()) set_field(host, "Mounts", std::move(mounts));
}

/// How it takes part in a network, without what the engine works out itself.
ValueMap endpoint_of(const Value& joined, const std::string& own_name) {
  ValueMap endpoint;
  for (const char* name : {"IPAMConfig", "Links", "DriverOpts"}) {
    const Value* value = joined.field(name);
    if (value != nullptr && !value->is_null()) endpoint.emplace_back(name, *value);
  }
  ValueList aliases = list_at(joined, {"Aliases"});
  std::erase(aliases, Value(own_name));
  if (!aliases.empty()) endpoint.emplace_back("Aliases", std::move(aliases));
  return endpoint;
}

/// The one of its networks that its NetworkMode means, by name or by id.
std::optional<std::string> first_network(const ValueMap& networks, const std::string& mode) {
  const std::string named = mode == "default" ? "bridge" : mode;
  for (const auto& [network, joined] : networks) {
    if (network == named) return network;
  }
  for (const auto& [network, joined] : networks) {
    if (!mode.empty() && text_at(joined, {"NetworkID"}).starts_with(mode)) return network;
  }
  return std::nullopt;
}

void add_networks(Blueprint& blueprint, const Value& inspected, const std::string& mode, const std::string& own_name) {
  const ValueMap networks = map_at(inspected, {"NetworkSettings", "Networks"});
  const auto first = first_network(networks, mode);
  for (const auto& [network, joined] : networks) {
    auto endpoint = endpoint_of(joined, own_name);
    if (network == first) {
      ValueMap endpoints = {{network, std::move(endpoint)}};
      set_field(blueprint.config, "NetworkingConfig", ValueMap{{"EndpointsConfig", std::move(endpoints)}});
    } else {
      blueprint.more_networks.emplace(network, std::move(endpoint));
    }
  }
}

/// What belongs to the one whose network it shares, or to the machine: the engine refuses to be told it once more.
void drop_what_is_shared(ValueMap& config, const std::string& network_mode, const std::string& uts_mode) {
  const bool shares_network = network_mode.starts_with("container:");
  if (shares_network || uts_mode == "host") {
    drop(config, "Hostname");
    drop(config, "Domainname");
  }
  if (shares_network) {
    drop(config, "ExposedPorts");
    drop(config, "MacAddress");
  }
}

}  // namespace

const Value* at(const Value& document, std::initializer_list<const char*> path) {
  const Value* place = &document;
  for (const char* name : path) {
    if (place == nullptr) return nullptr;
    place = place->field(name);
  }
  return place;
}

std::string text_at(const Value& document, std::initializer_list<const char*> path) {
  const Value* place = at(document, path);
  const auto* text = place != nullptr ? place->get_if<std::string>() : nullptr;
  return text != nullptr ? *text : std::string();
}

bool true_at(const Value& document, std::initializer_list<const char*> path) {
  const Value* place = at(document, path);
  const auto* flag = place != nullptr ? place->get_if<bool>() : nullptr;
  return flag != nullptr && *flag;
}

ValueMap map_at(const Value& document, std::initializer_list<const char*> path) {
  const Value* place = at(document, path);
  const auto* map = place != nullptr ? place->get_if<ValueMap>() : nullptr;
  return map != nullptr ? *map : ValueMap();
}

ValueList list_at(const Value& document, std::initializer_list<const char*> path) {
  const Value* place = at(document, path);
  const auto* list = place != nullptr ? place->get_if<ValueList>() : nullptr;
  return list != nullptr ? *list : ValueList();
}

void set_field(ValueMap& map, const char* name, Value value) {
  drop(map, name);
  map.emplace_back(name, std::move(value));
}

void set_variables(ValueMap& config, const std::map<std::string, net::SecretText>& variables) {
  ValueList env = list_at(Value(config), {"Env"});
  for (const auto& [name, value] : variables) {
    std::erase_if(env, [&](const Value& entry) { return name_of_variable(entry) == name; });
    env.emplace_back(name + "=" + net::reveal(value));
  }
  if (!env.empty()) set_field(config, "Env", std::move(env));
}

void drop_what_is_the_images(ValueMap& config, const ValueMap& image) {
  for (const auto& [name, value] : image) {
    const auto own = std::find_if(config.begin(), config.end(), [&](const auto& entry) { return entry.first == name; });
    if (own == config.end()) continue;
    if (own->second == value) {
      config.erase(own);
      continue;
    }
    const auto* of_image = value.get_if<ValueList>();
    if (auto* list = own->second.get_if<ValueList>(); name == "Env" && list != nullptr && of_image != nullptr) {
      std::erase_if(*list, [&](const Value& entry) {
        return std::find(of_image->begin(), of_image->end(), entry) != of_image->end();
      });
    }
    const auto* labels = value.get_if<ValueMap>();
    if (auto* map = own->second.get_if<ValueMap>(); map != nullptr && labels != nullptr) {
      std::erase_if(
          *map, [&](const auto& entry) { return std::find(labels->begin(), labels->end(), entry) != labels->end(); });
    }
  }
}

Blueprint blueprint_of(const Value& inspected, const std::string& id) {
  const std::string host_name = short_id(id);
  const std::string network_mode = text_at(inspected, {"HostConfig", "NetworkMode"});
  Blueprint blueprint;
  blueprint.config = map_at(inspected, {"Config"});
  if (text_at(inspected, {"Config", "Hostname"}) == host_name) drop(blueprint.config, "Hostname");
  drop_what_is_shared(blueprint.config, network_mode, text_at(inspected, {"HostConfig", "UTSMode"}));
  ValueMap host = map_at(inspected, {"HostConfig"});
  name_volumes(host, inspected);
  set_field(blueprint.config, "HostConfig", std::move(host));
  const bool joins = network_mode != "host" && network_mode != "none" && !network_mode.starts_with("container:");
  if (joins) add_networks(blueprint, inspected, network_mode, host_name);
  return blueprint;
}

}  // namespace opshost::docker
