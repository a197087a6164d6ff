#pragma once
// What a list of runs shows of each, without reading all that happened in it.
#include <optional>
#include <string>
#include <vector>

#include "host/journal/run_store.hpp"

namespace opshost::journal {

struct RunSummary {
  Record start;
  std::string state;              ///< as a person reads it, see state_text
  bool unfinished = false;        ///< see History::unfinished
  std::vector<std::string> owed;  ///< paths of clean-ups
  std::string last_time;          ///< of its last record
};

/// nullopt: it was cut off before its first record was whole. The last record of a run that has ended, and needs
/// nobody, says what became of it; of any other run all records are read. Throws what read_run throws, but for a
/// damaged run that was given up.
std::optional<RunSummary> read_summary(const RunFolder& folder);

}  // namespace opshost::journal
