#pragma once
// What the engine has no request for with the files of a container: its own programs do it, so it has to run and to
// have them.
#include <string>
#include <vector>

#include "bindings/docker/files.hpp"

namespace opshost::docker {

struct DeletePathOptions {
  bool recursive = false;
};
OPSHOST_RECORD(DeletePathOptions, "What to delete", (recursive, "a directory with all that is in it"))

// Members of Container. Each throws docker.not_found where nothing is at the path, docker.not_running, and docker.exit
// with what the program wrote.

/// What `list` makes of its script's output: "MODE SIZE MTIME\n" (mode in hexadecimal, time in seconds) and the name
/// with a NUL byte behind it, for each entry. Throws Error("docker.protocol").
std::vector<FileInfo> entries_of(const std::string& output, const std::string& directory);

}  // namespace opshost::docker
