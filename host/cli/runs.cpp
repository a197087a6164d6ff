// opshost runs: which runs there are, what became of them, what they owe.
#include "host/base/json_text.hpp"
#include "host/cli/commands.hpp"
#include "host/journal/identity.hpp"
#include "host/journal/run_summary.hpp"
#include "host/log/log.hpp"
#include "host/term/output.hpp"
#include "host/term/table.hpp"

namespace opshost::cli {

namespace {

std::string targets_of(const journal::Record& start) {
  const auto* targets = start.field("targets");
  const auto* list = targets == nullptr ? nullptr : targets->get_if<ValueList>();
  if (list == nullptr) return {};
  std::string text;
  for (const auto& target : *list) {
    if (const auto* name = target.get_if<std::string>()) text += (text.empty() ? "" : " ") + *name;
  }
  return text;
}

std::string who_of(const journal::Record& start) {
  const auto* who = start.field("who");
  return who == nullptr ? std::string() : journal::identity_text(*who);
}

Value document_of(const journal::RunFolder& folder, const journal::RunSummary& run) {
  return ValueMap{{"run", folder.id},
                  {"procedure", run.start.text("procedure")},
                  {"state", run.state},
                  {"unfinished", run.unfinished},
                  {"targets", targets_of(run.start)},
                  {"began", run.start.time},
                  {"last", run.last_time},
                  {"who", who_of(run.start)},
                  {"owed", ValueList(run.owed.begin(), run.owed.end())}};
}

std::string owed_text(const journal::RunSummary& run) {
  std::string text;
  for (const auto& path : run.owed) text += (text.empty() ? "" : ", ") + path;
  return text;
}

int list_runs(bool json) {
  ValueList documents;
  Table table({{"run"}, {"procedure"}, {"targets"}, {"state"}, {"owes"}, {"by"}});
  for (const auto& folder : journal::list_runs()) {
    try {
      const auto run = journal::read_summary(folder);
      if (!run) continue;  // cut off before it began
      documents.push_back(document_of(folder, *run));
      table.add_row({folder.id,
                     run->start.text("procedure"),
                     targets_of(run->start),
                     {run->state, run->unfinished ? Style::warning : Style::plain},
                     owed_text(*run),
                     who_of(run->start)});
    } catch (const Error& error) {
      if (!journal::is_given_up(folder)) log(Level::warn, error.message());
    }
  }
  if (json) {
    standard_output().write(json_text(documents) + "\n");
  } else {
    standard_output().write(table.empty() ? "no runs\n" : table.text(wants_color(1)));
  }
  return 0;
}

}  // namespace

Command runs_command(const Modules&) {
  auto json = std::make_shared<bool>(false);
  return {.name = "runs",
          .summary = "list the runs, latest first",
          .arguments = "",
          .options = {{.name = "--json",
                       .value_name = "",
                       .doc = "as JSON",
                       .set = [json](const std::string&) { *json = true; }}},
          .run = [json](const std::vector<std::string>&) { return list_runs(*json); }};
}

}  // namespace opshost::cli
