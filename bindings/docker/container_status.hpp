#pragma once
// What state a container is in, and waiting for one.
#include <cstdint>
#include <optional>
#include <string>

#include "host/lua/record.hpp"

namespace opshost::docker {

struct ContainerStatus {
  std::string status{};
  bool running = false;
  std::optional<std::int64_t> exit_code{};
  std::optional<std::string> health{};
  std::optional<std::string> health_output{};
  std::optional<std::int64_t> pid{};
  std::string started_at{};
  std::string finished_at{};
  std::int64_t restart_count = 0;
  bool oom_killed = false;
  std::optional<std::string> error{};
};
OPSHOST_RECORD(ContainerStatus, "What state a container is in",
               (status, "\"created\", \"running\", \"paused\", \"restarting\", \"exited\" or \"dead\""),
               (running, "true also while it is paused"), (exit_code, "of its latest end; nil while it runs"),
               (health, "\"starting\", \"healthy\" or \"unhealthy\"; nil where its image has no probe"),
               (health_output, "what the probe wrote last"), (pid, "of its first process, as the host counts"),
               (started_at, "when it was last started, as the engine writes it; empty: never"),
               (finished_at, "when it last ended; empty: never"),
               (restart_count, "how often its policy started it again"),
               (oom_killed, "it ended because memory ran out"), (error, "why its latest start failed"))

struct WaitOptions {
  Duration timeout = std::chrono::seconds(60);
  Duration every = std::chrono::seconds(1);
};
OPSHOST_RECORD(WaitOptions, "How long to wait", (timeout, "then wait.timeout is raised"),
               (every, "pause between looks"))

struct WaitSeen {
  ContainerStatus seen{};
};
OPSHOST_RECORD(WaitSeen, "What a wait ended with", (seen, "what was seen last"))

struct Inspection {
  ContainerStatus status{};
  bool has_probe = false;  ///< something looks at its health while it runs
};

/// Of the engine's document on a container. Throws what json::read throws.
Inspection inspection_of(const std::string& inspected);

}  // namespace opshost::docker
