// A declaration may speak of a handle type before it is declared.
#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/lua/module.hpp"

namespace {

using opshost::Kind;

class Lamp {
 public:
  [[nodiscard]] std::string subject() const { return "lamp"; }
};
using LampPointer = std::shared_ptr<Lamp>;

std::vector<LampPointer> all() { return {}; }
std::map<std::string, std::vector<LampPointer>> by_room() { return {}; }
std::optional<LampPointer> find(std::optional<LampPointer>) { return {}; }

}  // namespace

TEST_CASE("types composed of a handle have its name, whichever is declared first") {
  opshost::lua::Module module("house", "Light");
  module.observe("all", all, {}, "All");
  module.observe("by_room", by_room, {}, "By room");
  module.observe("find", find, {{"near", "another"}}, "One");
  module.type<Lamp>("Lamp", "It shines", &Lamp::subject);
  const auto& functions = module.functions();
  CHECK(functions[0]->result->name == "Lamp[]");
  CHECK(functions[1]->result->name == "table<string, Lamp[]>");
  CHECK(functions[2]->result->name == "Lamp?");
  CHECK(functions[2]->result->kind == Kind::optional);
  CHECK(functions[2]->params[0].type->name == "Lamp?");
}
