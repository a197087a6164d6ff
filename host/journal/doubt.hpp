#pragma once
// May a step that has not finished run again?
#include <cstdint>
#include <string>

#include "host/journal/history.hpp"

namespace opshost::journal {

enum class Verdict : std::uint8_t {
  run,     ///< nothing was sent, or all that was may be sent again
  verify,  ///< `run` returned: its goal alone is awaited
  ask,     ///< something that must not be sent twice was or may have been sent: `done` decides, else the operator
};

/// Nothing was sent in the current attempt but what may be sent again.
bool may_repeat(const History& history, const Step& step);

/// The rule of records.hpp, from the current attempt's changes; the same for a resume, a retry and a lost answer.
Verdict verdict_of(const History& history, const Step& step);
const char* verdict_name(Verdict verdict);

/// The attempt's changes and what became of each, one a line, for whoever has to decide.
std::string changes_text(const History& history, const Step& step);

}  // namespace opshost::journal
