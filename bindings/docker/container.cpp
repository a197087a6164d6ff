#include "bindings/docker/container.hpp"

#include <charconv>

#include "bindings/docker/cpu_limit.hpp"
#include "bindings/docker/errors.hpp"
#include "bindings/docker/parsed.hpp"
#include "host/base/json_text.hpp"

namespace opshost::docker {

namespace {

constexpr int kPidsUpdateSince = 1040;

std::string seconds_text(Duration duration) {
  return std::to_string(std::chrono::ceil<std::chrono::seconds>(duration).count());
}

}  // namespace

std::string Container::subject() const { return engine_->subject() + " > container " + name_; }

std::string Container::path() const { return "/containers/" + net::percent_encoded(id_); }

Awaitable<std::string> Container::act(Call& call, std::string action, std::string body) {
  net::HttpRequest request{.method = "POST", .target = path() + action, .body = std::move(body), .observes = false};
  if (!request.body.empty()) request.headers.emplace_back("Content-Type", "application/json");
  // The engine answers when the container has ended, which may take all of its grace.
  request.slow = action.starts_with("/stop") || action.starts_with("/restart");
  std::optional<Error> failed;
  try {
    auto answer = co_await engine_->ask(call, std::move(request));
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
  co_return parsed(engine_->name(), [&] { return inspection_of(text).status; });
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
