#pragma once
// What an engine, or the way to it, says no with.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "host/base/error.hpp"
#include "host/lua/record.hpp"

namespace opshost::docker {

struct EngineRefusal {
  std::int64_t status = 0;
  std::string message{};
  std::string request{};
};
OPSHOST_RECORD(EngineRefusal, "What the engine answered", (status, "the HTTP status"),
               (message, "the engine's own words"), (request, "what it was asked: \"POST /containers/web-1/stop\""))

/// The error of the binding for what net threw; others stay what they are. Keeps maybe_applied.
Error docker_error(const Error& failure, const std::string& engine);

/// Of an answer with an error status. `request`: method and path without the version. `changes`: the request was to
/// change something, so that an engine that failed in the middle leaves us in doubt.
Error refusal(unsigned status, std::string_view body, const std::string& request, bool changes,
              const std::string& engine);

/// The engine's own words in a body: JSON's "message", or plain text of old ones.
std::string message_of(std::string_view body);

}  // namespace opshost::docker
