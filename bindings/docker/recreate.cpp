#include <algorithm>

#include "bindings/docker/container_list.hpp"
#include "bindings/docker/create.hpp"
#include "bindings/docker/images.hpp"
#include "bindings/docker/side_call.hpp"
#include "host/base/json_text.hpp"
#include "host/json/record.hpp"

namespace opshost::docker {

namespace {

/// Putting the old one back, whatever stopped us.
constexpr Duration kPuttingBackTakes = std::chrono::seconds(30);
constexpr std::size_t kShortId = 12;

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

void set(ValueMap& map, const char* name, Value value) {
  std::erase_if(map, [&](const auto& entry) { return entry.first == name; });
  map.emplace_back(name, std::move(value));
}

void drop(ValueMap& map, const std::string& name) {
  std::erase_if(map, [&](const auto& entry) { return entry.first == name; });
}

std::string name_of_variable(const Value& entry) {
  const auto* text = entry.get_if<std::string>();
  return text != nullptr ? text->substr(0, text->find('=')) : std::string();
}

void set_variables(ValueMap& config, const std::map<std::string, std::string>& variables) {
  ValueList env = list_at(Value(config), {"Env"});
  for (const auto& [name, value] : variables) {
    std::erase_if(env, [&](const Value& entry) { return name_of_variable(entry) == name; });
    env.emplace_back(name + "=" + value);
  }
  if (!env.empty()) set(config, "Env", std::move(env));
}

/// What the container has from its image is left to the new image: the engine mixed both when it made the container.
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

/// Volumes that an image asked for have no name in HostConfig: the new container gets the same ones.
void keep_unnamed_volumes(ValueMap& host, const Value& inspected) {
  ValueList binds = list_at(Value(host), {"Binds"});
  const ValueList mounts = list_at(Value(host), {"Mounts"});
  const auto is_named = [&](const std::string& destination) {
    for (const Value& bind : binds) {
      const auto* text = bind.get_if<std::string>();
      if (text != nullptr && text->find(":" + destination) != std::string::npos) return true;
    }
    for (const Value& mount : mounts) {
      if (text_at(mount, {"Target"}) == destination && !text_at(mount, {"Source"}).empty()) return true;
    }
    return false;
  };
  for (const Value& mount : list_at(inspected, {"Mounts"})) {
    const std::string destination = text_at(mount, {"Destination"});
    if (text_at(mount, {"Type"}) != "volume" || is_named(destination)) continue;
    binds.emplace_back(text_at(mount, {"Name"}) + ":" + destination + (true_at(mount, {"RW"}) ? "" : ":ro"));
  }
  if (!binds.empty()) set(host, "Binds", std::move(binds));
}

/// How it takes part in a network, without what the engine works out itself.
ValueMap endpoint_of(const Value& joined, const std::string& short_id) {
  ValueMap endpoint;
  for (const char* name : {"IPAMConfig", "Links", "DriverOpts"}) {
    const Value* value = joined.field(name);
    if (value != nullptr && !value->is_null()) endpoint.emplace_back(name, *value);
  }
  ValueList aliases = list_at(joined, {"Aliases"});
  std::erase(aliases, Value(short_id));
  if (!aliases.empty()) endpoint.emplace_back("Aliases", std::move(aliases));
  return endpoint;
}

struct Blueprint {
  Value body{};
  std::map<std::string, ValueMap> further_networks{};
};

Blueprint blueprint_of(const Value& inspected, const std::string& id) {
  const std::string short_id = id.substr(0, kShortId);
  ValueMap config = map_at(inspected, {"Config"});
  if (text_at(inspected, {"Config", "Hostname"}) == short_id) drop(config, "Hostname");
  ValueMap host = map_at(inspected, {"HostConfig"});
  keep_unnamed_volumes(host, inspected);
  const std::string mode = text_at(inspected, {"HostConfig", "NetworkMode"});
  Blueprint blueprint;
  ValueMap first;
  const bool joins = mode != "host" && mode != "none" && !mode.starts_with("container:");
  for (const auto& [network, joined] : map_at(inspected, {"NetworkSettings", "Networks"})) {
    if (!joins) continue;
    auto endpoint = endpoint_of(joined, short_id);
    const bool is_first = network == mode || (mode == "default" && network == "bridge");
    if (is_first) {
      first.emplace_back(network, std::move(endpoint));
    } else {
      blueprint.further_networks.emplace(network, std::move(endpoint));
    }
  }
  config.emplace_back("HostConfig", std::move(host));
  if (!first.empty()) config.emplace_back("NetworkingConfig", ValueMap{{"EndpointsConfig", std::move(first)}});
  blueprint.body = std::move(config);
  return blueprint;
}

class Recreation {
 public:
  Recreation(Call& call, std::shared_ptr<Container> old, const RecreateOptions& options)
      : call_(call), old_(std::move(old)), options_(options), name_(old_->name()) {}

  Awaitable<std::shared_ptr<Container>> run() {
    co_await look();
    std::exception_ptr failure;
    std::shared_ptr<Container> made;
    try {
      made = co_await make();
    } catch (const std::exception&) {
      failure = std::current_exception();
    }
    if (failure) co_await put_back(failure);
    if (!options_.keep_old) co_await old_->delete_container(call_, {.force = true});
    co_return made;
  }

 private:
  [[nodiscard]] Connection& engine() { return *old_->engine(); }

  Awaitable<void> look() {
    const auto text = co_await old_->inspect_text(call_);
    const auto inspected = parsed(engine().name(), [&] { return json::read<Value>(text); });
    was_running_ = true_at(inspected, {"State", "Running"});
    if (true_at(inspected, {"HostConfig", "AutoRemove"})) {
      throw Error("docker.conflict",
                  "container " + name_ + " was made to go when it ends (--rm), so nothing would be left to put back")
          .on(engine().name());
    }
    blueprint_ = blueprint_of(inspected, old_->id());
    auto* config = blueprint_.body.get_if<ValueMap>();
    if (options_.image) {
      // An image that is not there is found out before anything is changed.
      co_await find_image(call_, old_->engine(), *options_.image);
      const std::string image_id = text_at(inspected, {"Image"});
      const auto image_text = co_await engine().get(call_, "/images/" + net::percent_encoded(image_id) + "/json");
      const auto image = parsed(engine().name(), [&] { return json::read<Value>(image_text); });
      drop_what_is_the_images(*config, map_at(image, {"Config"}));
      set(*config, "Image", *options_.image);
    }
    set_variables(*config, options_.env);
  }

  Awaitable<std::shared_ptr<Container>> make() {
    if (was_running_) {
      co_await old_->stop(call_, {.grace = options_.grace});
      stopped_ = true;
    }
    co_await old_->rename(call_, name_ + ".old-" + old_->id().substr(0, kShortId));
    renamed_ = true;
    new_id_ = co_await create_from(call_, engine(), blueprint_.body, name_);
    call_.note("container_id", new_id_);
    for (const auto& [network, endpoint] : blueprint_.further_networks) {
      ValueMap body = {{"Container", new_id_}};
      if (!endpoint.empty()) body.emplace_back("EndpointConfig", endpoint);
      co_await engine().post(call_, "/networks/" + net::percent_encoded(network) + "/connect",
                             json_text(Value(std::move(body))));
    }
    auto made = std::make_shared<Container>(old_->engine(), new_id_, name_);
    if (options_.start && was_running_) co_await made->start(call_);
    co_return made;
  }

  /// Undoes what was done, latest first, and throws what failed with what became of the old one.
  Awaitable<void> put_back(std::exception_ptr failure) {
    SideCall side(call_, kPuttingBackTakes);
    std::string trouble;
    try {
      if (!new_id_.empty()) {
        Container made(old_->engine(), new_id_, name_);
        co_await made.delete_container(side.call(), {.force = true});
      }
      if (renamed_) co_await old_->rename(side.call(), name_);
      if (stopped_) co_await old_->start(side.call());
    } catch (const Error& error) {
      trouble = error.message();
    }
    std::string message = "container " + name_ + " was not made anew: ";
    std::optional<Error> cause;
    try {
      std::rethrow_exception(failure);
    } catch (const Error& error) {
      cause = error;
    }
    message += cause->message();
    if (trouble.empty()) {
      message += stopped_ ? "; the old one runs again" : "; the old one is as it was";
    } else {
      message += "; the old one could not be put back (" + trouble + "): it is named " + old_->name();
    }
    throw Error("docker.recreate", message).on(engine().name()).maybe_applied(!trouble.empty()).because(*cause);
  }

  Call& call_;
  std::shared_ptr<Container> old_;
  const RecreateOptions& options_;
  const std::string name_;
  Blueprint blueprint_;
  std::string new_id_;
  bool was_running_ = false;
  bool stopped_ = false;
  bool renamed_ = false;
};

}  // namespace

Awaitable<std::shared_ptr<Container>> Container::recreate(Call& call, RecreateOptions options) {
  Recreation recreation(call, shared_from_this(), options);
  auto made = co_await recreation.run();
  co_return made;
}

}  // namespace opshost::docker
