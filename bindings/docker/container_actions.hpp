#pragma once
// How a container is stopped, signalled, deleted and set.
#include <cstdint>
#include <optional>
#include <string>

#include "host/lua/record.hpp"

namespace opshost::docker {

struct StopOptions {
  Duration grace = std::chrono::seconds(10);
  std::optional<Duration> timeout{};
};
OPSHOST_RECORD(StopOptions, "How to stop a container",
               (grace,
                "time to exit after its stop signal (SIGTERM unless its image says otherwise) before SIGKILL; "
                "whole seconds"),
               (timeout, "how long we wait for the engine; the connection's, or 60s, beside the grace unless given"))

struct KillOptions {
  std::string signal = "SIGKILL";
};
OPSHOST_RECORD(KillOptions, "What to send", (signal, "\"SIGHUP\", \"SIGUSR1\", ..."))

struct DeleteOptions {
  bool force = false;
  bool volumes = false;
};
OPSHOST_RECORD(DeleteOptions, "How to delete a container", (force, "also one that runs; it is killed"),
               (volumes, "with the volumes that have no name and are its own"))

struct UpdateOptions {
  std::optional<std::string> restart{};
  std::optional<Size> memory{};
  std::optional<Size> memory_swap{};
  std::optional<double> cpus{};
  std::optional<std::int64_t> cpu_shares{};
  std::optional<std::string> cpuset{};
  std::optional<std::int64_t> pids{};
};
OPSHOST_RECORD(UpdateOptions, "What to set of a container; what is not given stays as it is",
               (restart, "\"no\", \"always\", \"unless-stopped\", \"on-failure\" or \"on-failure:5\""),
               (memory, "most it may take"), (memory_swap, "most of memory and swap together"),
               (cpus, "how many processors' worth of time: 1.5"),
               (cpu_shares, "its weight beside others, 1024 is usual"), (cpuset, "which processors: \"0-3,7\""),
               (pids, "most processes and threads"))

/// "on-failure:5" as the engine wants it. Throws usage.argument.
Value restart_policy(const std::string& text);

}  // namespace opshost::docker
