#pragma once
// `accept`: which exit codes of a command are answers and not failures. The same option wherever a command runs.
#include <algorithm>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "host/lua/record.hpp"

namespace opshost {

enum class AnyExitCode : std::uint8_t { any };
OPSHOST_ENUM(AnyExitCode, "Every exit code is an answer, and so is an end by a signal", (any, "any"))

using ExitCodeList = std::vector<std::int64_t>;
using AcceptedCodes = std::variant<ExitCodeList, AnyExitCode>;

inline bool accepts_all(const AcceptedCodes& accepted) { return std::holds_alternative<AnyExitCode>(accepted); }

inline bool accepts(const AcceptedCodes& accepted, std::int64_t exit_code) {
  const auto* codes = std::get_if<ExitCodeList>(&accepted);
  return codes == nullptr || std::find(codes->begin(), codes->end(), exit_code) != codes->end();
}

/// As Lua writes it: {0, 1} or "any".
inline std::string default_text(const AcceptedCodes& accepted) {
  const auto* codes = std::get_if<ExitCodeList>(&accepted);
  if (codes == nullptr) return "\"any\"";
  std::string text;
  for (const std::int64_t code : *codes) text += (text.empty() ? "" : ", ") + std::to_string(code);
  return "{" + text + "}";
}

}  // namespace opshost
