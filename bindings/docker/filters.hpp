#pragma once
// What a list or the events are narrowed down to.
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace opshost::docker {

/// {"name":["web"]} and the like, as the parameter `filters` of the API takes it; empty where no filter has a value.
std::string filters_text(const std::vector<std::pair<std::string, std::optional<std::string>>>& filters);

}  // namespace opshost::docker
