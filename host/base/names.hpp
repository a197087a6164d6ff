#pragma once
// "Did you mean": the nearest of the names we know.
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace opshost {

/// The candidate a person most likely meant by `name`: an edit distance (swaps count once) of at most a third of its
/// length. nullopt: none is near enough to be worth saying.
std::optional<std::string> nearest_name(std::string_view name, std::span<const std::string> candidates);

/// `; did you mean "timeout"?`, or an empty string.
std::string did_you_mean(std::string_view name, std::span<const std::string> candidates);

}  // namespace opshost
