#include "bindings/docker/container.hpp"

#include <array>
#include <charconv>

#include "bindings/docker/container_list.hpp"
#include "bindings/docker/cpu_limit.hpp"
#include "bindings/docker/errors.hpp"
#include "host/base/json_text.hpp"
#include "host/base/names.hpp"
#include "host/json/record.hpp"
#include "host/lua/value_of.hpp"

namespace opshost::docker {

namespace {

constexpr int kPidsUpdateSince = 1040;
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
struct Inspected {
  State state{};
  std::int64_t restart_count = 0;
};
OPSHOST_RECORD(Inspected, "An inspected container", (state, ""), (restart_count, ""))

std::string time_or_nothing(const std::string& time) { return time == kNever ? std::string() : time; }

/// Engines before 1.21 of the API have no State.Status.
std::string status_name(const State& state) {
  if (!state.status.empty()) return state.status;
  if (state.paused) return "paused";
  if (state.restarting) return "restarting";
  if (state.running) return "running";
  return state.dead ? "dead" : "exited";
}

std::string seconds_text(Duration duration) {
  return std::to_string(std::chrono::ceil<std::chrono::seconds>(duration).count());
}

Awaitable<void> pause_for(Call& call, Duration duration) {
  asio::steady_timer timer(call.executor(), duration);
  const auto reaction = call.stop().on_stop([&timer] { timer.cancel(); });
  boost::system::error_code ignored;
  if (!call.stop().stopped()) co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

std::string shown(const ContainerStatus& seen) {
  std::string text = "status " + seen.status;
  if (seen.health) text += ", health " + *seen.health;
  if (seen.exit_code && !seen.running) text += ", exit code " + std::to_string(*seen.exit_code);
  return text;
}

Error wait_timeout(const std::string& what, const ContainerStatus& seen, Duration timeout, const std::string& engine) {
  return Error("wait.timeout", "waited " + format_duration(timeout) + " for " + what + "; last seen: " + shown(seen))
      .on(engine)
      .with(value_of(WaitSeen{seen}));
}

/// Looks at the container; where the wait's time ends meanwhile, what was seen before is the answer.
Awaitable<ContainerStatus> look_again(Call& call, Container& container, std::string what,
                                      std::optional<ContainerStatus> before, Duration timeout) {
  std::optional<Error> failed;
  try {
    auto seen = co_await container.status(call);
    co_return seen;
  } catch (const Error& error) {
    failed = error;
  }
  if (before && call.stop().reason() == StopReason::timeout) {
    throw wait_timeout(what, *before, timeout, container.engine()->name());
  }
  throw *failed;
}

}  // namespace

std::string Container::subject() const { return engine_->subject() + " > container " + name_; }

std::string Container::path() const { return "/containers/" + net::percent_encoded(id_); }

Awaitable<std::string> Container::act(Call& call, std::string action, std::string body) {
  std::optional<Error> failed;
  try {
    auto answer = co_await engine_->post(call, path() + action, std::move(body));
    co_return answer;
  } catch (const Error& error) {
    failed = error;
  }
  if (failed->code() == "docker.not_found") failed = co_await container_not_found(call, engine_, name_, *failed);
  throw *failed;
}

Awaitable<std::string> Container::inspect_text(Call& call) {
  std::optional<Error> failed;
  try {
    auto text = co_await engine_->get(call, path() + "/json");
    co_return text;
  } catch (const Error& error) {
    failed = error;
  }
  if (failed->code() == "docker.not_found") failed = co_await container_not_found(call, engine_, name_, *failed);
  throw *failed;
}

Awaitable<json::Document> Container::inspect(Call& call) {
  auto text = co_await inspect_text(call);
  co_return json::Document{.text = std::move(text), .error_code = "docker.protocol", .target = engine_->name()};
}

Awaitable<ContainerStatus> Container::status(Call& call) {
  const auto text = co_await inspect_text(call);
  co_return parsed(engine_->name(), [&] { return status_of(text); });
}

Awaitable<void> Container::start(Call& call) { co_await act(call, "/start"); }

Awaitable<void> Container::stop(Call& call, StopOptions options) {
  co_await act(call, "/stop?t=" + seconds_text(options.grace));
}

Awaitable<void> Container::restart(Call& call, StopOptions options) {
  co_await act(call, "/restart?t=" + seconds_text(options.grace));
}

Awaitable<void> Container::kill(Call& call, KillOptions options) {
  co_await act(call, "/kill?signal=" + net::percent_encoded(options.signal));
}

Awaitable<void> Container::pause(Call& call) { co_await act(call, "/pause"); }
Awaitable<void> Container::unpause(Call& call) { co_await act(call, "/unpause"); }

Awaitable<void> Container::rename(Call& call, std::string name) {
  co_await act(call, "/rename?name=" + net::percent_encoded(name));
  name_ = std::move(name);
}

Awaitable<void> Container::update(Call& call, UpdateOptions options) {
  ValueMap body;
  if (options.restart) body.emplace_back("RestartPolicy", restart_policy(*options.restart));
  if (options.memory) body.emplace_back("Memory", options.memory->bytes);
  if (options.memory_swap) body.emplace_back("MemorySwap", options.memory_swap->bytes);
  if (options.cpus) {
    const int version = co_await engine_->version(call);
    add_cpu_limit(body, *options.cpus, version);
  }
  if (options.cpu_shares) body.emplace_back("CpuShares", *options.cpu_shares);
  if (options.cpuset) body.emplace_back("CpusetCpus", *options.cpuset);
  if (options.pids) co_await engine_->needs_version(call, kPidsUpdateSince, "pids");
  if (options.pids) body.emplace_back("PidsLimit", *options.pids);
  if (body.empty()) throw Error("usage.argument", "update was given nothing to set");
  co_await act(call, "/update", json_text(Value(std::move(body))));
}

Awaitable<void> Container::delete_container(Call& call, DeleteOptions options) {
  net::HttpRequest request{.method = "DELETE", .observes = false};
  request.target = path() + "?force=" + (options.force ? "1" : "0") + "&v=" + (options.volumes ? "1" : "0");
  std::optional<Error> failed;
  try {
    co_await engine_->ask(call, std::move(request));
    co_return;
  } catch (const Error& error) {
    failed = error;
  }
  if (failed->code() == "docker.not_found") failed = co_await container_not_found(call, engine_, name_, *failed);
  throw *failed;
}

// The engine tells the end itself; looking again covers one that was restarted meanwhile.
Awaitable<ContainerStatus> Container::wait_exited(Call& call, WaitOptions options) {
  const std::string what = "container " + name_ + " to exit";
  std::optional<ContainerStatus> before;
  for (;;) {
    const auto seen = co_await look_again(call, *this, what, before, options.timeout);
    before = seen;
    if (!seen.running && seen.status != "restarting") co_return seen;
    call.saw("container " + name_ + ": " + shown(seen));
    std::optional<Error> failed;
    try {
      net::HttpRequest request{.method = "POST", .target = path() + "/wait", .lasts = true};
      co_await engine_->ask(call, std::move(request));
    } catch (const Error& error) {
      failed = error;
    }
    if (call.stop().reason() == StopReason::timeout) throw wait_timeout(what, seen, options.timeout, engine_->name());
    if (!failed) continue;
    if (failed->code() == "docker.not_found") failed = co_await container_not_found(call, engine_, name_, *failed);
    if (!failed->is_retryable()) throw *failed;
    co_await pause_for(call, options.every);
    if (call.stop().stopped()) throw wait_timeout(what, seen, options.timeout, engine_->name());
  }
}

Awaitable<ContainerStatus> Container::wait_running(Call& call, WaitOptions options) {
  const std::string what = "container " + name_ + " to run";
  std::optional<ContainerStatus> before;
  for (;;) {
    const auto seen = co_await look_again(call, *this, what, before, options.timeout);
    before = seen;
    if (seen.status == "running") co_return seen;
    call.saw("container " + name_ + ": " + shown(seen));
    co_await pause_for(call, options.every);
    if (call.stop().stopped()) {
      throw wait_timeout(what, seen, options.timeout, engine_->name());
    }
  }
}

Awaitable<ContainerStatus> Container::wait_healthy(Call& call, WaitOptions options) {
  const std::string what = "container " + name_ + " to be healthy";
  std::optional<ContainerStatus> before;
  for (;;) {
    const auto seen = co_await look_again(call, *this, what, before, options.timeout);
    before = seen;
    if (seen.health == "healthy") co_return seen;
    if (!seen.health || *seen.health == "none") {
      throw Error("docker.no_healthcheck", "container " + name_ + " has no health check; look at it with read, or at " +
                                               "its status with wait_running")
          .on(engine_->name());
    }
    call.saw("container " + name_ + ": " + shown(seen));
    co_await pause_for(call, options.every);
    if (call.stop().stopped()) {
      throw wait_timeout(what, seen, options.timeout, engine_->name());
    }
  }
}

ContainerStatus status_of(const std::string& inspected) {
  const auto container = json::read<Inspected>(inspected);
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

Value restart_policy(const std::string& text) {
  const auto colon = text.find(':');
  const std::string name = text.substr(0, colon);
  std::int64_t times = 0;
  bool fine = name == "no" || name == "always" || name == "unless-stopped" || name == "on-failure";
  if (colon != std::string::npos) {
    const char* last = text.data() + text.size();
    const auto [end, problem] = std::from_chars(text.data() + colon + 1, last, times);
    fine = fine && name == "on-failure" && problem == std::errc() && end == last && times >= 0;
  }
  if (!fine) {
    throw Error("usage.argument", "restart is " + describe(Value(text)) +
                                      "; there are \"no\", \"always\", \"unless-stopped\", \"on-failure\" and "
                                      "\"on-failure:TIMES\"");
  }
  return ValueMap{{"Name", name}, {"MaximumRetryCount", times}};
}

}  // namespace opshost::docker
