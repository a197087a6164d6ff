// Waiting for a state of a container.
#include "bindings/docker/container.hpp"
#include "bindings/docker/container_list.hpp"
#include "bindings/docker/parsed.hpp"
#include "bindings/docker/pause.hpp"
#include "host/json/record.hpp"
#include "host/lua/value_of.hpp"

namespace opshost::docker {

namespace {

std::string shown(const ContainerStatus& seen) {
  std::string text = "status " + seen.status;
  if (seen.health) text += ", health " + *seen.health;
  if (seen.exit_code && !seen.running) text += ", exit code " + std::to_string(*seen.exit_code);
  return text;
}

struct WaitTrouble {
  std::string message{};
};
OPSHOST_RECORD(WaitTrouble, "Why the engine could not wait", (message, ""))
struct WaitAnswer {
  std::int64_t status_code = 0;
  std::optional<WaitTrouble> error{};
};
OPSHOST_RECORD(WaitAnswer, "What a wait is answered with", (status_code, "the exit code"), (error, ""))

/// Looks at a container again and again. What was seen before outlives an engine that is away for a while.
class Watch {
 public:
  Watch(Call& call, std::shared_ptr<Container> container, std::string what, const WaitOptions& options)
      : call_(call), container_(std::move(container)), what_(std::move(what)), options_(options) {}

  [[nodiscard]] const ContainerStatus& seen() const { return *seen_; }
  [[nodiscard]] bool probed() const { return probed_; }

  /// The engine said that it ended, and with which exit code: a container that is gone by then has ended all the same.
  void ended_with(std::int64_t exit_code) { told_exit_code_ = exit_code; }

  Awaitable<void> look() {
    std::optional<Error> failed;
    try {
      const auto text = co_await container_->inspect_text(call_);
      const auto inspected = parsed(container_->engine()->name(), [&] { return inspection_of(text); });
      seen_ = inspected.status;
      probed_ = inspected.has_probe;
      away_.clear();
      // It ran again since: that was the end of an earlier run.
      if (inspected.status.running) told_exit_code_.reset();
    } catch (const Error& error) {
      failed = error;
    }
    if (failed && failed->code() == "docker.not_found" && told_exit_code_) {
      seen_ = gone();
      failed.reset();
    }
    if (failed) co_await survive(*failed);
    call_.saw("container " + container_->name() + ": " + shown(*seen_));
  }

  Awaitable<void> pause() {
    co_await pause_for(call_, options_.every);
    if (call_.stop().stopped()) throw time_out();
  }

  /// Of a request that is part of the wait.
  Awaitable<void> survive(const Error& failed) {
    if (seen_ && call_.stop().reason() == StopReason::timeout) throw time_out();
    if (!seen_ || !failed.is_retryable() || call_.stop().stopped()) throw Error(failed);
    away_ = failed.message();
    co_await pause();
  }

  [[nodiscard]] Error time_out() const {
    std::string message =
        "waited " + format_duration(options_.timeout) + " for " + what_ + "; last seen: " + shown(*seen_);
    if (!away_.empty()) message += "; since then the engine is away: " + away_;
    return Error("wait.timeout", message).on(container_->engine()->name()).with(value_of(WaitSeen{*seen_}));
  }

 private:
  /// What was seen last, and that it ended since.
  [[nodiscard]] ContainerStatus gone() const {
    ContainerStatus status{.status = "exited", .exit_code = told_exit_code_};
    status.started_at = seen_->started_at;
    status.restart_count = seen_->restart_count;
    return status;
  }

  Call& call_;
  std::shared_ptr<Container> container_;
  const std::string what_;
  const WaitOptions& options_;
  std::optional<ContainerStatus> seen_;
  bool probed_ = false;
  std::optional<std::int64_t> told_exit_code_;
  std::string away_;  ///< why the engine could not be asked since
};

}  // namespace

// The engine tells the end itself; looking again covers one that was restarted meanwhile.
Awaitable<ContainerStatus> Container::wait_exited(Call& call, WaitOptions options) {
  Watch watch(call, shared_from_this(), "container " + name_ + " to exit", options);
  for (;;) {
    co_await watch.look();
    const std::string& status = watch.seen().status;
    if (!watch.seen().running && status != "restarting" && status != "created") co_return watch.seen();
    // One that never ran has not exited, and the engine would not wait for it.
    if (status == "created") {
      co_await watch.pause();
      continue;
    }
    std::optional<Error> failed;
    try {
      net::HttpRequest request{.method = "POST", .target = path() + "/wait", .lasts = true};
      const auto text = co_await engine_->ask(call, std::move(request));
      const auto answer = parsed(engine_->name(), [&] { return json::read<WaitAnswer>(text); });
      if (!answer.error) watch.ended_with(answer.status_code);
    } catch (const Error& error) {
      failed = error;
    }
    if (call.stop().reason() == StopReason::timeout) throw watch.time_out();
    if (!failed) continue;
    if (failed->code() == "docker.not_found") failed = co_await container_not_found(call, engine_, name_, *failed);
    co_await watch.survive(*failed);
  }
}

Awaitable<ContainerStatus> Container::wait_running(Call& call, WaitOptions options) {
  Watch watch(call, shared_from_this(), "container " + name_ + " to run", options);
  for (;;) {
    co_await watch.look();
    if (watch.seen().status == "running") co_return watch.seen();
    co_await watch.pause();
  }
}

Awaitable<ContainerStatus> Container::wait_healthy(Call& call, WaitOptions options) {
  Watch watch(call, shared_from_this(), "container " + name_ + " to be healthy", options);
  for (;;) {
    co_await watch.look();
    if (watch.seen().health == "healthy") co_return watch.seen();
    const bool has_health = watch.seen().health && *watch.seen().health != "none";
    // One that never ran has a probe, and no health yet.
    if (!has_health && !watch.probed()) {
      throw Error("docker.no_healthcheck", "container " + name_ + " has no health check; look at it with read, or at " +
                                               "its status with wait_running")
          .on(engine_->name());
    }
    co_await watch.pause();
  }
}

}  // namespace opshost::docker
