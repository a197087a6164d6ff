#pragma once
// Containers made.
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bindings/docker/container.hpp"
#include "bindings/net/secret_text.hpp"

namespace opshost::docker {

struct CreateOptions {
  std::string image{};
  std::optional<std::string> name{};
  std::optional<std::vector<std::string>> command{};
  std::optional<std::vector<std::string>> entrypoint{};
  std::map<std::string, net::SecretText> env{};
  std::map<std::string, std::string> labels{};
  std::optional<std::string> cwd{};
  std::optional<std::string> as_user{};
  std::optional<std::string> hostname{};
  std::vector<std::string> volumes{};
  std::optional<std::string> network{};
  std::optional<std::string> ip{};
  std::map<std::string, std::string> ports{};
  std::string restart = "no";
  std::optional<Size> memory{};
  std::optional<double> cpus{};
  bool tty = false;
  bool init = false;
  Any config{};
  Any host_config{};
};
OPSHOST_RECORD(
    CreateOptions, "What a container shall be", (image, "what to make it from", required),
    (name, "its name; the engine makes one up unless given"), (command, "what it runs, in place of the image's"),
    (entrypoint, "what the command is given to, in place of the image's"),
    (env, "environment variables; whoever may inspect the container can read them, also what was given as a secret"),
    (labels, "labels"), (cwd, "directory it starts in"), (as_user, "user it runs as: \"admin\", \"1000:1000\""),
    (hostname, "what it calls itself; its short id unless given"),
    (volumes, "mounts: \"/data/db:/var/lib/db\", \"logs:/var/log:ro\""),
    (network, "name of the network, \"host\" or \"none\""), (ip, "fixed address in that network"),
    (ports, "published ports: [\"8080/tcp\"] = \"127.0.0.1:80\""),
    (restart, "\"no\", \"always\", \"unless-stopped\", \"on-failure\" or \"on-failure:5\""),
    (memory, "most it may take"), (cpus, "how many processors' worth of time: 1.5"), (tty, "give it a terminal"),
    (init, "let the engine's own init reap its processes"),
    (config, "further fields of the engine's container configuration, in its spelling"),
    (host_config, "further fields of its HostConfig, in its spelling"))

/// Makes a container; it does not run yet.
Awaitable<std::shared_ptr<Container>> create_container(Call& call, std::shared_ptr<Connection> engine,
                                                       CreateOptions options);

/// POST /containers/create with this body; the id. Says the nearest names where the image is missing.
Awaitable<std::string> create_from(Call& call, std::shared_ptr<Connection> engine, Value body,
                                   std::optional<std::string> name);

}  // namespace opshost::docker
