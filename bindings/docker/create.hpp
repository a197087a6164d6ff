#pragma once
// Containers made anew.
#include <memory>
#include <optional>
#include <string>

#include "bindings/docker/container.hpp"

namespace opshost::docker {

/// Makes a container; it does not run yet.
Awaitable<std::shared_ptr<Container>> create_container(Call& call, std::shared_ptr<Connection> engine,
                                                       CreateOptions options);

struct RecreateOptions {
  std::optional<std::string> image{};
  std::map<std::string, std::string> env{};
  bool start = true;
  bool keep_old = false;
  Duration grace = std::chrono::seconds(10);
  std::optional<Duration> timeout{};
};
OPSHOST_RECORD(RecreateOptions, "How to make a container anew",
               (image, "another image; what the old one had from its image it then has from this"),
               (env, "environment variables to set beside those it has"), (start, "false: it is not started"),
               (keep_old, "keep the old one, stopped, under the name NAME.old-<id>"),
               (grace, "time the old one gets to exit before SIGKILL"),
               (timeout, "how long we wait; 60s beside the grace unless given"))

// Container::recreate makes it anew from what the engine knows of it: image, labels, environment, mounts (volumes
// without a name too), networks with fixed addresses and aliases, limits, restart policy. What it wrote elsewhere than
// to a mount is lost with the old one. Where the new one cannot be made or started, the old one is put back as it was
// and the error says so.

/// POST /containers/create with this body; the id. Says the nearest names where the image is missing.
Awaitable<std::string> create_from(Call& call, Connection& engine, Value body, std::optional<std::string> name);

}  // namespace opshost::docker
