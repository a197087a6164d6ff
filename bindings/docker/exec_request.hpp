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
  std::map<std::string, std::string> env{};
  std::optional<std::string> cwd{};
  std::optional<std::string> user{};
  bool input = false;
  bool tty = false;
};

/// Makes it and returns its id. Nothing runs yet.
Awaitable<std::string> create_exec(Call& call, Container& container, ExecRequest request);

/// Its attached connection, running.
Awaitable<std::shared_ptr<net::HttpConnection>> start_exec(Call& call, Connection& engine, std::string id, bool tty);

/// Sends a signal to every process in the container with the mark; the number of processes that had it. Throws Error
/// with docker.* where the container has no sh or grep, or cannot be asked.
Awaitable<std::size_t> signal_marked(Call& call, std::shared_ptr<Container> container, std::string mark,
                                     std::string signal);

}  // namespace opshost::docker
