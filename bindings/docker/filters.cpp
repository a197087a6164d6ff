#include "bindings/docker/filters.hpp"

#include "bindings/net/http_message.hpp"
#include "host/base/json_text.hpp"
#include "host/base/value.hpp"

namespace opshost::docker {

std::string filters_text(const std::vector<std::pair<std::string, std::optional<std::string>>>& filters) {
  ValueMap map;
  for (const auto& [name, value] : filters) {
    if (value) map.emplace_back(name, ValueList{Value(*value)});
  }
  return map.empty() ? std::string() : net::percent_encoded(json_text(Value(std::move(map))));
}

}  // namespace opshost::docker
