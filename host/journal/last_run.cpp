#include "host/journal/last_run.hpp"

#include <algorithm>

#include "host/journal/run_store.hpp"

namespace opshost::journal {

namespace {

bool has_target(const Record& start, const std::string& target) {
  const auto* targets = start.field("targets");
  const auto* list = targets == nullptr ? nullptr : targets->get_if<ValueList>();
  return list != nullptr && std::find(list->begin(), list->end(), Value(target)) != list->end();
}

Value document_of(const RunFolder& folder, const History& history) {
  ValueMap facts;
  for (const auto& [key, record] : history.recorded()) {
    if (record.kind == "fact" && record.field("value") != nullptr)
      facts.emplace_back(record.text("path"), whole_value(folder.path, *record.field("value")));
  }
  ValueMap document{{"run", folder.id}, {"state", history.state()}};
  const auto* result = history.result();
  if (result != nullptr && result->field("value") != nullptr)
    document.emplace_back("result", whole_value(folder.path, *result->field("value")));
  document.emplace_back("facts", std::move(facts));
  return document;
}

}  // namespace

std::optional<Value> last_run_of(const std::string& procedure, const std::string& target, const std::string& except) {
  for (const auto& folder : list_runs()) {
    if (folder.id == except) continue;
    if (is_given_up(folder)) continue;
    const auto start = read_first(folder);
    if (!start) read_run(folder);  // throws, unless it was cut off before it began
    if (!start || start->text("procedure") != procedure) continue;
    if (!target.empty() && !has_target(*start, target)) continue;
    const auto read = read_run(folder);
    if (read.history.has_acted()) return document_of(folder, read.history);
  }
  return std::nullopt;
}

}  // namespace opshost::journal
