#pragma once
#include <optional>
#include <string_view>

#include "host/base/value.hpp"

namespace opshost {

/// One JSON document as data: integers that fit become integers, other numbers doubles. nullopt: it is none.
/// Documents nested deeper than 128 are refused.
std::optional<Value> parse_json(std::string_view text);

}  // namespace opshost
