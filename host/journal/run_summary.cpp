#include "host/journal/run_summary.hpp"

namespace opshost::journal {

namespace {

/// It has ended and needs nobody. Of the others, which are few, all is read, and what is damaged is seen.
bool has_ended(const Record& last) {
  if (last.kind != "result" || last.field("owed") != nullptr) return false;
  return last.field("unfinished") != nullptr ? !last.flag("unfinished") : last.text("state") == "done";
}

RunSummary from_ends(Record start, const Record& last, const std::string& state) {
  return {.start = std::move(start), .state = state, .unfinished = false, .owed = {}, .last_time = last.time};
}

std::optional<RunSummary> from_history(const RunFolder& folder) {
  const auto read = read_run(folder);
  const auto& history = read.history;
  if (history.start() == nullptr) return std::nullopt;
  RunSummary summary{.start = *history.start(),
                     .state = state_text(folder, history),
                     .unfinished = history.unfinished(),
                     .owed = {},
                     .last_time = history.last_time()};
  for (const auto* cleanup : history.owed()) summary.owed.push_back(cleanup->path);
  return summary;
}

}  // namespace

std::optional<RunSummary> read_summary(const RunFolder& folder) {
  auto start = read_first(folder);
  const auto last = read_last(folder);
  if (start && last && has_ended(*last)) return from_ends(std::move(*start), *last, last->text("state"));
  try {
    return from_history(folder);
  } catch (const Error&) {
    if (!start || !last || !is_given_up(folder)) throw;
    return from_ends(std::move(*start), *last, "abandoned");
  }
}

}  // namespace opshost::journal
