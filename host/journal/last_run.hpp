#pragma once
#include <optional>
#include <string>

#include "host/base/value.hpp"

namespace opshost::journal {

/// {state, result, facts} of the latest run of that procedure which sent a change; `target` narrows it to runs on that
/// host, "" to none. The run `except` does not count. nullopt: there is none.
std::optional<Value> last_run_of(const std::string& procedure, const std::string& target, const std::string& except);

}  // namespace opshost::journal
