#include "bindings/docker/engine.hpp"

#include "bindings/docker/container_list.hpp"
#include "bindings/docker/parsed.hpp"
#include "host/json/record.hpp"

namespace opshost::docker {

namespace {

/// What is asked for by name, or nullopt where the engine has none of that name.
template <class T>
Awaitable<std::optional<T>> nothing_if_not_found(Awaitable<T> lookup) {
  std::optional<T> found;
  try {
    found = co_await std::move(lookup);
  } catch (const Error& error) {
    if (error.code() != "docker.not_found") throw;
  }
  co_return found;
}

}  // namespace

// close() takes the member away while a call waits: each holds the connection itself.
Awaitable<bool> Engine::alive(Call& call) {
  const auto connection = connection_;
  try {
    co_await connection->ping(call);
  } catch (const Error& error) {
    const bool silent = error.code() == "docker.unreachable" || error.code() == "docker.connection_lost";
    if (!silent || call.stop().stopped()) throw;
    co_return false;
  }
  co_return true;
}

Awaitable<void> Engine::ping(Call& call) {
  const auto connection = connection_;
  co_await connection->ping(call);
}

Awaitable<EngineVersion> Engine::version(Call& call) {
  const auto connection = connection_;
  const auto text = co_await connection->get(call, "/version");
  auto version = parsed(name(), [&] { return json::read<EngineVersion>(text); });
  const int spoken = co_await connection->version(call);
  version.spoken = std::to_string(spoken / 1000) + "." + std::to_string(spoken % 1000);
  co_return version;
}

Awaitable<json::Document> Engine::info(Call& call) {
  const auto connection = connection_;
  auto text = co_await connection->get(call, "/info");
  co_return json::Document{.text = std::move(text), .error_code = "docker.protocol", .target = name()};
}

Awaitable<std::vector<ContainerSummary>> Engine::containers(Call& call, ListOptions options) {
  return list_containers(call, connection_, std::move(options));
}
Awaitable<std::shared_ptr<Container>> Engine::container(Call& call, std::string wanted) {
  return docker::find_container(call, connection_, std::move(wanted));
}
Awaitable<std::optional<std::shared_ptr<Container>>> Engine::find_container(Call& call, std::string wanted) {
  return nothing_if_not_found(container(call, std::move(wanted)));
}
Awaitable<std::shared_ptr<Container>> Engine::create(Call& call, CreateOptions options) {
  return create_container(call, connection_, std::move(options));
}
Awaitable<std::optional<ExecStatus>> Engine::find_exec(Call& call, std::string id) {
  return docker::find_exec(call, connection_, std::move(id));
}

Awaitable<std::vector<ImageSummary>> Engine::images(Call& call, ImageListOptions options) {
  return list_images(call, connection_, std::move(options));
}
Awaitable<std::shared_ptr<Image>> Engine::image(Call& call, std::string wanted) {
  return docker::find_image(call, connection_, std::move(wanted));
}
Awaitable<std::optional<std::shared_ptr<Image>>> Engine::find_image(Call& call, std::string wanted) {
  return nothing_if_not_found(image(call, std::move(wanted)));
}
Awaitable<std::vector<std::string>> Engine::load_image(Call& call, std::string path, LoadOptions options) {
  return load_images(call, connection_, std::move(path), options);
}

Awaitable<std::vector<NetworkSummary>> Engine::networks(Call& call, NetworkListOptions options) {
  return list_networks(call, connection_, std::move(options));
}
Awaitable<std::shared_ptr<Network>> Engine::network(Call& call, std::string wanted) {
  return docker::find_network(call, connection_, std::move(wanted));
}
Awaitable<std::optional<std::shared_ptr<Network>>> Engine::find_network(Call& call, std::string wanted) {
  return nothing_if_not_found(network(call, std::move(wanted)));
}

Awaitable<Stream<Event>> Engine::events(Call&, EventOptions options) {
  co_return events_of(connection_, std::move(options));
}

std::shared_ptr<Engine> connect(const std::optional<std::string>& endpoint, const ConnectOptions& options) {
  return std::make_shared<Engine>(connection_for(endpoint, options));
}

}  // namespace opshost::docker
