#include "bindings/docker/memory_mounts.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <vector>

#include "bindings/docker/files.hpp"
#include "bindings/docker/parsed.hpp"
#include "host/json/record.hpp"

namespace opshost::docker {

namespace {

/// Links to links: more than the kernel follows.
constexpr int kMostLinks = 40;

struct MountedAt {
  std::string type{};
  std::string destination{};
};
OPSHOST_RECORD(MountedAt, "A mount of an inspected container", (type, ""), (destination, ""))
struct MountConfig {
  std::map<std::string, std::string> tmpfs{};
};
OPSHOST_RECORD(MountConfig, "HostConfig of an inspected container", (tmpfs, ""))
struct Mounted {
  MountConfig host_config{};
  std::vector<MountedAt> mounts{};
};
OPSHOST_RECORD(Mounted, "An inspected container", (host_config, ""), (mounts, ""))

std::string normal(const std::string& path) {
  auto clean = std::filesystem::path(path).lexically_normal().string();
  if (clean.size() > 1 && clean.ends_with('/')) clean.pop_back();
  return clean;
}

bool is_below(const std::string& path, const std::string& folder) {
  return path == folder || folder == "/" || (path.starts_with(folder) && path[folder.size()] == '/');
}

struct Mount {
  std::string path;
  bool in_memory;
};

/// The deepest mount counts: a volume within a tmpfs is seen.
bool is_in(const std::vector<Mount>& mounts, const std::string& path) {
  const Mount* deepest = nullptr;
  for (const auto& mount : mounts) {
    if (is_below(path, mount.path) && (deepest == nullptr || mount.path.size() >= deepest->path.size())) {
      deepest = &mount;
    }
  }
  return deepest != nullptr && deepest->in_memory;
}

Awaitable<std::vector<Mount>> mounts_of(Call& call, Container& container) {
  const auto text = co_await container.inspect_text(call);
  const auto inspected = parsed(container.engine()->name(), [&] { return json::read<Mounted>(text); });
  std::vector<Mount> mounts = {{"/dev", true}, {"/proc", true}, {"/sys", true}};
  for (const auto& [path, options] : inspected.host_config.tmpfs) mounts.push_back({normal(path), true});
  for (const auto& mount : inspected.mounts) mounts.push_back({normal(mount.destination), mount.type == "tmpfs"});
  co_return mounts;
}

/// Where the first link on the way to the path leads; nullopt: there is none that the engine sees.
Awaitable<std::optional<std::string>> first_link(Call& call, Container& container, std::string path) {
  for (auto end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const std::string part = path.substr(0, end);
    const auto target = co_await link_target(call, container, part);
    if (target) co_return normal(*target + path.substr(part.size()));
    if (end == std::string::npos) co_return std::nullopt;
  }
}

}  // namespace

Awaitable<bool> is_in_memory(Call& call, Container& container, std::string path) {
  const auto mounts = co_await mounts_of(call, container);
  std::string place = normal(path);
  const bool has_own =
      std::any_of(mounts.begin() + 3, mounts.end(), [](const Mount& mount) { return mount.in_memory; });
  for (int links = 0; links < kMostLinks; ++links) {
    if (is_in(mounts, place)) co_return true;
    // A link into /dev, /proc or /sys is rare, and looking at each part of a path is dear.
    if (!has_own || place == "/") co_return false;
    auto next = co_await first_link(call, container, place);
    if (!next || *next == place) co_return false;
    place = std::move(*next);
  }
  co_return false;
}

Awaitable<void> refuse_in_memory(Call& call, Container& container, std::string path) {
  const bool unseen = co_await is_in_memory(call, container, path);
  if (!unseen) co_return;
  throw Error("docker.in_memory", describe(Value(path), 300) + " in container " + container.name() +
                                      " is in a file system in memory (tmpfs, /dev, /proc, /sys), which the engine "
                                      "does not see: let a program in the container do it")
      .on(container.engine()->name());
}

}  // namespace opshost::docker
