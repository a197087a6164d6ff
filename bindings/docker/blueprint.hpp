#pragma once
// What an engine has to be told to make a container again, from what it says of the container.
#include <map>
#include <string>

#include "bindings/net/secret_text.hpp"
#include "host/base/value.hpp"

namespace opshost::docker {

struct Blueprint {
  ValueMap config{};                                ///< the body of POST /containers/create
  std::map<std::string, ValueMap> more_networks{};  ///< what to connect it to then: the endpoint's settings by network
};

/// `inspected`: the engine's document on the container, of that id. What the engine works out itself is left out;
/// volumes without a name of the script's are named, so that the new container gets the same ones.
Blueprint blueprint_of(const Value& inspected, const std::string& id);

/// Leaves to the new image what the container has from its old one, of which `image` is the Config: the engine mixed
/// both when it made the container.
void drop_what_is_the_images(ValueMap& config, const ValueMap& image);

/// Sets environment variables beside those there are.
void set_variables(ValueMap& config, const std::map<std::string, net::SecretText>& variables);

// What an engine's document has at a place, and nothing where it has none or something else.
const Value* at(const Value& document, std::initializer_list<const char*> path);
std::string text_at(const Value& document, std::initializer_list<const char*> path);
bool true_at(const Value& document, std::initializer_list<const char*> path);
ValueMap map_at(const Value& document, std::initializer_list<const char*> path);
ValueList list_at(const Value& document, std::initializer_list<const char*> path);

/// Puts `value` into a map in place of what is there under that name.
void set_field(ValueMap& map, const char* name, Value value);

}  // namespace opshost::docker
