#pragma once
// An exec of the Engine API: made, asked, its processes ended.
#include <string>
#include <vector>

#include "bindings/docker/exec.hpp"

namespace opshost::docker {

/// Stands in the environment of all that a run starts, so that it can be found and ended.
inline constexpr const char* kMark = "OPSHOST_EXEC";

struct ExecRequest {
  std::vector<std::string> argv{};
  std::map<std::string, net::SecretText> env{};
  std::optional<std::string> cwd{};
  std::optional<std::string> user{};
  bool input = false;
  bool tty = false;
};

/// Makes it and returns its id. Nothing runs yet.
Awaitable<std::string> create_exec(Call& call, Container& container, ExecRequest request);

/// Its attached connection, running; never nullptr. Throws Error("docker.protocol") for an answer without one.
Awaitable<std::shared_ptr<net::HttpConnection>> start_exec(Call& call, Connection& engine, std::string id, bool tty);

/// Processes in a container, as "71:4711": number and the time it began.
using MarkedProcesses = std::vector<std::string>;

/// Sends a signal ("0": none) to every process in the container that has the mark, to those of `known` that still run
/// and to all that these began; returns them. Throws Error with docker.* where the container has no sh or grep, or
/// cannot be asked.
Awaitable<MarkedProcesses> signal_marked(Call& call, std::shared_ptr<Container> container, std::string mark,
                                         std::string signal, MarkedProcesses known);

}  // namespace opshost::docker
