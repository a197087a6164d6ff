#include "bindings/docker/errors.hpp"

#include "bindings/net/failure.hpp"
#include "bindings/net/named_error.hpp"
#include "host/base/output_text.hpp"
#include "host/json/record.hpp"
#include "host/lua/value_of.hpp"

namespace opshost::docker {

namespace {

constexpr std::size_t kShownMessage = 1000;

struct Words {
  std::string message{};
};
OPSHOST_RECORD(Words, "An error as the engine writes it", (message, "its words"))

/// What a person has to know of engines beside what net says.
std::string hint_for(const Error& failure) {
  const auto* obstacle = dynamic_cast<const net::Failure*>(&failure);
  if (obstacle == nullptr) return {};
  switch (obstacle->obstacle()) {
    case net::Obstacle::permission:
      return "; the user has to be root or in the socket's group (docker)";
    case net::Obstacle::absent:
      return "; is the engine installed and started there?";
    case net::Obstacle::refused:
      return "; is the engine started?";
    default:
      return {};
  }
}

std::string code_for(unsigned status, std::string_view message) {
  const auto says = [&](std::string_view words) { return message.find(words) != std::string_view::npos; };
  if (says("multiple IDs found with provided prefix") || says("Multiple IDs found")) return "docker.ambiguous";
  // An engine that finds a container in another state than it takes calls that its own failure.
  if (status == 500 && says("is not paused")) return "docker.conflict";
  if (status == 400 && says("client version") && (says("is too new") || says("is too old"))) {
    return "docker.api_version";
  }
  switch (status) {
    case 400:
      return "docker.invalid";
    case 401:
    case 403:
      return "docker.permission";
    case 404:
      return "docker.not_found";
    case 409:
      return says("is not running") ? "docker.not_running" : "docker.conflict";
    default:
      return status >= 500 ? "docker.server" : "docker.invalid";
  }
}

}  // namespace

Error docker_error(const Error& failure, const std::string& engine) {
  auto named = net::named_error("docker", failure, engine);
  const auto hint = hint_for(failure);
  if (hint.empty()) return named;
  return Error(named.code(), named.message() + hint)
      .on(engine)
      .retryable(named.is_retryable())
      .maybe_applied(named.is_maybe_applied());
}

std::string message_of(std::string_view body) {
  if (body.starts_with('{')) {
    try {
      return json::read<Words>(body).message;
    } catch (const Error&) {
      // Then the text itself is what there is to show.
    }
  }
  while (body.ends_with('\n')) body.remove_suffix(1);
  return std::string(body);
}

Error refusal(unsigned status, std::string_view body, const std::string& request, bool changes,
              const std::string& engine) {
  const std::string message = message_of(body);
  const EngineRefusal detail{.status = status, .message = message, .request = request};
  const std::string said = message.empty() ? "nothing" : one_line(message, kShownMessage);
  const std::string code = code_for(status, message);
  return Error(code, request + " was answered with status " + std::to_string(status) + ": " + said)
      .on(engine)
      .retryable(status == 503)
      .maybe_applied(changes && code == "docker.server")
      .with(value_of(detail));
}

}  // namespace opshost::docker
