#pragma once
// What a container has in memory: the engine's requests for files do not reach it. They look at the file system below,
// where nothing is, and write what nobody sees.
#include <string>

#include "bindings/docker/container.hpp"

namespace opshost::docker {

/// Whether the path, links on its way followed as far as the engine sees them, is in a tmpfs of the container, or in
/// its /dev, /proc or /sys.
Awaitable<bool> is_in_memory(Call& call, Container& container, std::string path);

/// Throws Error("docker.in_memory") for such a path.
Awaitable<void> refuse_in_memory(Call& call, Container& container, std::string path);

}  // namespace opshost::docker
