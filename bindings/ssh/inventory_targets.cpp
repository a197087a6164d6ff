#include "bindings/ssh/inventory_targets.hpp"

#include "host/base/error.hpp"
#include "host/lua/convert.hpp"

namespace opshost::ssh {

namespace {

constexpr const char* kScript = R"(
local file, limit = ...
local targets = {}
for i, host in ipairs(require("ops.inventory").load(file):hosts(limit)) do
  targets[i] = { name = host.name, address = host.address, port = host.port, known_hosts = host.known_hosts,
    via = host.via and host.via.name }
end
return targets
)";

std::optional<std::string> text_of(const Value& value, std::string_view name) {
  const Value* field = value.field(name);
  const auto* text = field == nullptr ? nullptr : field->get_if<std::string>();
  return text == nullptr ? std::nullopt : std::optional(*text);
}

std::optional<std::uint16_t> port_of(const Value& value) {
  const Value* field = value.field("port");
  const auto* number = field == nullptr ? nullptr : field->get_if<std::int64_t>();
  return number == nullptr ? std::nullopt : std::optional(static_cast<std::uint16_t>(*number));
}

InventoryTarget target_of(const Value& value) {
  return {.name = text_of(value, "name").value_or(""),
          .address = text_of(value, "address").value_or(""),
          .port = port_of(value),
          .known_hosts = text_of(value, "known_hosts"),
          .via = text_of(value, "via")};
}

}  // namespace

std::vector<InventoryTarget> inventory_targets(const cli::Modules& modules, const std::string& file,
                                               const std::optional<std::string>& limit) {
  const auto runtime = cli::open_session(cli::SessionOptions(), modules);
  std::vector<std::string> arguments{file};
  if (limit) arguments.push_back(*limit);
  Value found;
  const auto take = [&found](lua_State* state, int results) {
    if (results > 0) found = lua::value_from_lua(state, lua_gettop(state) - results + 1);
  };
  const Outcome outcome = runtime->run_text(kScript, "=hosts", arguments, take);
  if (!outcome.returned) throw Error(outcome.error);
  std::vector<InventoryTarget> targets;
  if (const auto* list = found.get_if<ValueList>()) {
    for (const Value& value : *list) targets.push_back(target_of(value));
  }
  return targets;
}

}  // namespace opshost::ssh
