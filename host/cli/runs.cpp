// opshost runs: which runs there are, what became of them, what they owe.
#include "host/base/json_text.hpp"
#include "host/cli/commands.hpp"
#include "host/journal/identity.hpp"
#include "host/journal/run_store.hpp"
#include "host/log/log.hpp"
#include "host/term/output.hpp"
#include "host/term/table.hpp"

namespace opshost::cli {

namespace {

std::string targets_of(const journal::History& history) {
  const auto* targets = history.start()->field("targets");
  const auto* list = targets == nullptr ? nullptr : targets->get_if<ValueList>();
  if (list == nullptr) return {};
  std::string text;
  for (const auto& target : *list) {
    if (const auto* name = target.get_if<std::string>()) text += (text.empty() ? "" : " ") + *name;
  }
  return text;
}

std::string who_of(const journal::History& history) {
  const auto* who = history.start()->field("who");
  return who == nullptr ? std::string() : journal::identity_text(*who);
}

Value document_of(const journal::RunFolder& folder, const journal::History& history) {
  ValueList owed;
  for (const auto* cleanup : history.owed()) owed.emplace_back(cleanup->path);
  return ValueMap{{"run", folder.id},
                  {"procedure", history.start()->text("procedure")},
                  {"state", journal::state_text(folder, history)},
                  {"unfinished", history.unfinished()},
                  {"targets", targets_of(history)},
                  {"began", history.start()->time},
                  {"last", history.last_time()},
                  {"who", who_of(history)},
                  {"owed", std::move(owed)}};
}

std::string owed_text(const journal::History& history) {
  std::string text;
  for (const auto* cleanup : history.owed()) text += (text.empty() ? "" : ", ") + cleanup->path;
  return text;
}

int list_runs(bool json) {
  ValueList documents;
  Table table({{"run"}, {"procedure"}, {"targets"}, {"state"}, {"owes"}, {"by"}});
  for (const auto& folder : journal::list_runs()) {
    try {
      const auto read = journal::read_run(folder);
      const auto& history = read.history;
      if (history.start() == nullptr) continue;  // cut off before it began
      documents.push_back(document_of(folder, history));
      const auto style = history.unfinished() ? Style::warning : Style::plain;
      table.add_row({folder.id,
                     history.start()->text("procedure"),
                     targets_of(history),
                     {journal::state_text(folder, history), style},
                     owed_text(history),
                     who_of(history)});
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
