#pragma once
// The end of a program in a container that is not waited for any longer.
#include <memory>
#include <optional>
#include <string>

#include "bindings/docker/container.hpp"

namespace opshost::docker {

struct ExecEnding {
  bool ended = false;      ///< none of its processes runs any more
  bool signalled = false;  ///< there was something to end
  std::optional<std::string> problem{};
};

/// Ends all that carries the mark, and what these began: SIGTERM, after `grace` SIGKILL. Goes on although `call` was
/// stopped, and is over before the host gives that up.
Awaitable<ExecEnding> end_exec(Call& call, std::shared_ptr<Container> container, std::string mark, std::string id,
                               Duration grace);

}  // namespace opshost::docker
