#pragma once
// Identifiers of containers and execs, as the docker command shows them.
#include <cstddef>
#include <string>

namespace opshost::docker {

inline constexpr std::size_t kShortId = 12;

inline std::string short_id(const std::string& id) { return id.substr(0, kShortId); }

}  // namespace opshost::docker
