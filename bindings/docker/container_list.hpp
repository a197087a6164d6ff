#pragma once
// The containers of an engine.
#include <memory>
#include <string>
#include <vector>

#include "bindings/docker/connection.hpp"
#include "bindings/docker/container_records.hpp"

namespace opshost::docker {

Awaitable<std::vector<ContainerSummary>> list_containers(Call& call, std::shared_ptr<Connection> engine,
                                                         ListOptions options);

/// {"name":["web"]} and the like, as a query of the API takes it.
std::string filters_text(const std::vector<std::pair<std::string, std::optional<std::string>>>& filters);

/// Runs `parse`, and says who sent it where the engine's answer is not what it should be.
template <class Parse>
auto parsed(const std::string& engine, const Parse& parse) {
  try {
    return parse();
  } catch (const Error& error) {
    throw Error("docker.protocol", "the engine's answer makes no sense: " + error.message()).on(engine);
  }
}

}  // namespace opshost::docker
