#include "bindings/docker/container_status.hpp"

#include <string_view>
#include <vector>

#include "host/json/record.hpp"

namespace opshost::docker {

namespace {

constexpr std::string_view kNever = "0001-01-01T00:00:00Z";

struct ProbeRun {
  std::string output{};
};
OPSHOST_RECORD(ProbeRun, "One run of a probe", (output, "what it wrote"))
struct HealthState {
  std::string status{};
  std::vector<ProbeRun> log{};
};
OPSHOST_RECORD(HealthState, "State.Health", (status, "healthy"), (log, "latest last"))
struct State {
  std::string status{};
  bool running = false;
  bool paused = false;
  bool restarting = false;
  bool dead = false;
  bool oom_killed = false;
  std::int64_t pid = 0;
  std::int64_t exit_code = 0;
  std::string error{};
  std::string started_at{};
  std::string finished_at{};
  std::optional<HealthState> health{};
};
OPSHOST_RECORD(State, "State of an inspected container", (status, ""), (running, ""), (paused, ""), (restarting, ""),
               (dead, ""), (oom_killed, ""), (pid, ""), (exit_code, ""), (error, ""), (started_at, ""),
               (finished_at, ""), (health, ""))
struct Probe {
  std::vector<std::string> test{};
};
OPSHOST_RECORD(Probe, "Healthcheck of an inspected container", (test, ""))
struct ProbedConfig {
  std::optional<Probe> healthcheck{};
};
OPSHOST_RECORD(ProbedConfig, "Config of an inspected container", (healthcheck, ""))
struct Inspected {
  State state{};
  std::int64_t restart_count = 0;
  ProbedConfig config{};
};
OPSHOST_RECORD(Inspected, "An inspected container", (state, ""), (restart_count, ""), (config, ""))

std::string time_or_nothing(const std::string& time) { return time == kNever ? std::string() : time; }

/// Engines before 1.21 of the API have no State.Status.
std::string status_name(const State& state) {
  if (!state.status.empty()) return state.status;
  if (state.paused) return "paused";
  if (state.restarting) return "restarting";
  if (state.running) return "running";
  return state.dead ? "dead" : "exited";
}

ContainerStatus status_from(const Inspected& container) {
  const State& state = container.state;
  ContainerStatus status;
  status.status = status_name(state);
  status.running = state.running;
  if (!state.running && status.status != "created") status.exit_code = state.exit_code;
  if (state.health && !state.health->status.empty()) {
    status.health = state.health->status;
    if (!state.health->log.empty()) status.health_output = state.health->log.back().output;
  }
  if (state.pid > 0) status.pid = state.pid;
  status.started_at = time_or_nothing(state.started_at);
  status.finished_at = time_or_nothing(state.finished_at);
  status.restart_count = container.restart_count;
  status.oom_killed = state.oom_killed;
  if (!state.error.empty()) status.error = state.error;
  return status;
}

bool has_probe(const Inspected& container) {
  const auto& probe = container.config.healthcheck;
  return probe && !probe->test.empty() && probe->test.front() != "NONE";
}

}  // namespace

Inspection inspection_of(const std::string& inspected) {
  const auto container = json::read<Inspected>(inspected);
  return {.status = status_from(container), .has_probe = has_probe(container)};
}

}  // namespace opshost::docker
