#pragma once
// Containers made anew.
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "bindings/docker/container.hpp"
#include "bindings/net/secret_text.hpp"

namespace opshost::docker {

struct RecreateOptions {
  std::optional<std::string> image{};
  std::map<std::string, net::SecretText> env{};
  bool start = true;
  bool keep_old = false;
  Duration grace = std::chrono::seconds(10);
  std::optional<Duration> timeout{};
};
OPSHOST_RECORD(RecreateOptions, "How to make a container anew",
               (image,
                "another image; what the old one had from its image it then has from this. Unless given it is the very "
                "image the old one was made from, also where its name means another one by now"),
               (env, "environment variables to set beside those it has"), (start, "false: it is not started"),
               (keep_old, "keep the old one, stopped, under the name NAME.old-<id>"),
               (grace, "time the old one gets to exit before SIGKILL"),
               (timeout, "how long we wait; the connection's, or 60s, beside the grace unless given"))

// Container::recreate makes it anew from what the engine knows of it: image, labels, environment, mounts (volumes
// without a name too), networks with fixed addresses and aliases, limits, restart policy. What it wrote elsewhere than
// to a mount is lost with the old one. A fixed MAC address is kept in the network it was made with; of those in further
// networks (Docker 25 and newer) the engine does not tell.
//
// Where it fails, or is stopped, after something was sent, the engine is asked what became of the old one and that is
// put back. The error (docker.recreate, docker.timeout) says what failed and how the old one is now; it is
// maybe_applied. Where only deleting the old one fails, it says that the new one is there.

}  // namespace opshost::docker
