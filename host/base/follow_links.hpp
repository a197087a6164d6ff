#pragma once
#include <optional>
#include <string>

namespace opshost {

/// Where a path leads after all links; the last of them need not lead to anything. nullopt: errno says why.
std::optional<std::string> follow_links(const std::string& path);

}  // namespace opshost
