// opshost abandon RUN --reason TEXT: nobody will take the run on; its targets are free.
#include "host/cli/commands.hpp"
#include "host/journal/identity.hpp"
#include "host/journal/run_journal.hpp"
#include "host/term/output.hpp"

namespace opshost::cli {

namespace {

/// What it owes nobody can tell, nor which targets it has: their locks see that it was given up.
int abandon_unread(const journal::RunFolder& folder, const std::string& reason) {
  const auto lock = journal::lock_run(folder);
  if (!lock) {
    throw Error("procedure.run_busy", "another process works on the run " + folder.id + "; wait until it has ended");
  }
  journal::give_up(folder, ValueMap{{"reason", journal::to_journal_form(reason)}, {"who", journal::identity()}});
  standard_output().write("The run " + folder.id +
                          " is abandoned. Its journal is damaged, so nobody can tell what it owes: put its targets "
                          "right by hand.\n");
  return 0;
}

/// nullptr: its journal is damaged.
std::shared_ptr<journal::RunJournal> reopened(asio::io_context& io, const journal::RunFolder& folder) {
  try {
    return journal::RunJournal::reopen(io, folder);
  } catch (const Error& error) {
    if (error.code() != "journal.damaged") throw;
    return nullptr;
  }
}

int abandon(const std::string& name, const std::string& reason) {
  if (reason.empty())
    throw Error("usage.option", "abandon needs --reason TEXT: whoever finds the run wants to know why");
  const auto folder = journal::find_run(name);
  asio::io_context io;
  const auto run = reopened(io, folder);
  if (!run) return abandon_unread(folder, reason);
  if (!run->history().unfinished() && run->history().result() != nullptr)
    throw Error("usage.run", "the run " + folder.id + " is " + run->history().state() + "; nothing is left to give up");
  if (run->history().abandoned() != nullptr) throw Error("usage.run", "the run " + folder.id + " is abandoned already");
  std::string owed;
  for (const auto* cleanup : run->history().owed()) owed += (owed.empty() ? "\"" : ", \"") + cleanup->path + "\"";
  run->append("abandon", {{"reason", reason}, {"who", journal::identity()}}, journal::Room::reserved,
              [](const std::optional<Error>&) {});
  if (const auto failure = run->flush()) throw Error(*failure);
  std::vector<std::string> targets;
  const auto* start = run->history().start();
  const auto* listed = start == nullptr ? nullptr : start->field("targets");
  if (listed != nullptr && listed->get_if<ValueList>() != nullptr) {
    for (const auto& target : *listed->get_if<ValueList>()) {
      if (const auto* text = target.get_if<std::string>()) targets.push_back(*text);
    }
  }
  journal::release_targets(targets, folder.id);
  standard_output().write("The run " + folder.id + " is abandoned." +
                          (owed.empty() ? "" : " Its clean-up " + owed + " stays undone: do it by hand.") + "\n");
  return 0;
}

}  // namespace

Command abandon_command(const Modules&) {
  auto reason = std::make_shared<std::string>();
  return {.name = "abandon",
          .summary = "give a run up, so that its targets are free",
          .arguments = "RUN",
          .required_arguments = 1,
          .options = {{.name = "--reason",
                       .value_name = "TEXT",
                       .doc = "why; kept in the journal",
                       .set = [reason](const std::string& text) { *reason = text; }}},
          .run = [reason](const std::vector<std::string>& arguments) { return abandon(arguments.front(), *reason); }};
}

}  // namespace opshost::cli
