#include "host/journal/run_summary.hpp"

namespace opshost::journal {

namespace {

std::vector<std::string> owed_of(const Record& result) {
  std::vector<std::string> owed;
  const auto* field = result.field("owed");
  const auto* list = field == nullptr ? nullptr : field->get_if<ValueList>();
  if (list == nullptr) return owed;
  for (const auto& path : *list) {
    if (const auto* text = path.get_if<std::string>()) owed.push_back(*text);
  }
  return owed;
}

/// A run that is done and owes nothing needs nobody, whether its record says so or not.
bool says_all(const Record& last) {
  if (last.kind != "result") return false;
  return last.field("unfinished") != nullptr || (last.text("state") == "done" && last.field("owed") == nullptr);
}

RunSummary from_result(Record start, const Record& result) {
  return {.start = std::move(start),
          .state = result.text("state"),
          .unfinished = result.flag("unfinished"),
          .owed = owed_of(result),
          .last_time = result.time};
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
  if (start && is_given_up(folder)) {
    const auto time = start->time;
    return RunSummary{.start = std::move(*start), .state = "abandoned", .owed = {}, .last_time = time};
  }
  const auto last = read_last(folder);
  if (start && last && says_all(*last)) return from_result(std::move(*start), *last);
  return from_history(folder);
}

}  // namespace opshost::journal
