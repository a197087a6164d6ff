// opshost resume RUN, opshost cleanup RUN: a run is taken on from its journal.
#include <cstdlib>
#include <filesystem>

#include "host/cli/commands.hpp"
#include "host/cli/exit_code_of.hpp"
#include "host/cli/procedure_run.hpp"
#include "host/journal/run_journal.hpp"
#include "host/journal/run_start.hpp"
#include "host/log/log.hpp"
#include "host/term/prompt.hpp"

namespace opshost::cli {

namespace {

using journal::History;

void check_can_be_taken_on(const History& history, const journal::RunFolder& folder, const std::string& mode) {
  if (history.start() == nullptr) {
    throw Error("procedure.nothing_to_do",
                "the run " + folder.id + " was cut off before it began; nothing was done. Run the procedure again");
  }
  if (history.start()->flag("script")) {
    throw Error("procedure.nothing_to_do",
                "the run " + folder.id +
                    " is of a plain script, which has no steps to go on with; its journal is for "
                    "the record. Make it a procedure (`opshost help procedures`), or run it again");
  }
  const bool over = history.abandoned() != nullptr || history.state() == "done" || history.state() == "rolled_back";
  if (history.abandoned() != nullptr || (over && history.owed().empty())) {
    throw Error("procedure.nothing_to_do",
                "the run " + folder.id + " is " + history.state() + ", nothing is left of it");
  }
  if (over && mode != "cleanup") {
    throw Error("procedure.nothing_to_do", "the run " + folder.id + " is " + history.state() +
                                               ", but owes a clean-up; put it back with `opshost cleanup " + folder.id +
                                               "`");
  }
}

/// Files that decide the road were edited: a person has to say that it is meant so.
void check_edited(const std::vector<std::string>& edited, const RunOptions& options) {
  if (edited.empty() || options.edited) return;
  std::string text = "These files of the run were edited since it began:\n";
  for (const auto& file : edited) text += "  " + file + "\n";
  const auto answer = confirm(text + "Go on with them as they are now?");
  if (!answer) {
    throw Error("answer.needed", text +
                                     "Nobody is at a terminal to say whether that is meant so; look at the "
                                     "differences, then resume with --edited");
  }
  if (!*answer) throw Error("procedure.refused", "not resumed with edited files");
}

/// The hosts are those the run began with, whatever their inventory says by now.
void take_on_hosts(journal::RunJournal& run, const InventoryChoice& given) {
  const auto* began_with = run.history().start()->field("inventory");
  const auto text = [&](std::string_view name) -> std::optional<std::string> {
    const auto* field = began_with == nullptr ? nullptr : began_with->field(name);
    const auto* value = field == nullptr ? nullptr : field->get_if<std::string>();
    return value == nullptr ? std::nullopt : std::optional(*value);
  };
  const InventoryChoice recorded{.file = text("file"), .limit = text("limit")};
  const bool same_file = !given.file || (recorded.file && lasting_script_name(*given.file) == *recorded.file);
  const bool same_limit = !given.file || given.limit == recorded.limit;
  if (!same_file || !same_limit) {
    throw Error(
        "procedure.refused",
        "the run " + run.folder().id + " began with " +
            (recorded.file
                 ? "--inventory " + *recorded.file + (recorded.limit ? " --limit '" + *recorded.limit + "'" : "")
                 : "no inventory") +
            " and goes on with the hosts it began with; leave --inventory and --limit away, or begin a new run");
  }
  use_inventory(recorded);
  if (recorded.file && !journal::is_unchanged(*recorded.file, text("sha256").value_or(""))) {
    log(Level::warn, "the inventory " + *recorded.file +
                         " is not what it was when the run began; it goes on with the hosts it began with");
  }
}

/// The run's relative paths mean the folder it was begun in.
void go_to_folder_of(journal::RunJournal& run) {
  const auto* began_in = run.history().start()->field("cwd");
  if (began_in == nullptr) return;
  const auto named = journal::from_journal_form(*began_in);
  const auto* path = named.get_if<std::string>();
  if (path == nullptr) return;
  if (const char* state = std::getenv("OPSHOST_STATE"); state != nullptr && *state != '\0')
    ::setenv("OPSHOST_STATE", std::filesystem::absolute(state).c_str(), 1);
  std::error_code failed;
  std::filesystem::current_path(*path, failed);
  if (!failed) return;
  throw Error("procedure.refused", "the run " + run.folder().id + " was begun in " + *path +
                                       ", which cannot be entered (" + errno_text(failed.value()) +
                                       "), and its relative paths mean that folder; bring it back, then resume");
}

Outcome refused(const Error& error) {
  Outcome outcome;
  outcome.error = error;
  outcome.exit_code = exit_code_of(error);
  return outcome;
}

int take_on(const std::string& name, const std::string& mode, const SessionOptions& session, const RunOptions& options,
            Runtime& runtime) {
  const auto folder = journal::find_run(name);
  auto run = journal::RunJournal::reopen(runtime.scheduler().io(), folder);
  check_can_be_taken_on(run->history(), folder, mode);
  take_on_hosts(*run, session.inventory);
  const auto edited = journal::edited_files(run->history());
  check_edited(edited, options);
  go_to_folder_of(*run);
  const auto script_name = run->history().start()->text("script");
  const auto script = find_named_script(script_name, runtime);
  ProcedureSlot procedure;
  const auto loaded = runtime.run_text(script.text, script.chunk_name, {}, procedure.keeper());
  if (!loaded.returned) {
    report(loaded, session, runtime);
    return loaded.exit_code;
  }
  if (!procedure.is_procedure()) {
    throw Error("procedure.nothing_to_do", script_name + " is no procedure any more; the run " + folder.id +
                                               " cannot be taken on with it. Restore the file");
  }
  const auto* params = run->history().start()->field("params");
  ValueMap request{{"mode", mode},
                   {"name", run->history().start()->text("procedure")},
                   {"params", params == nullptr ? Value(ValueMap()) : run->value_of(*params)}};
  if (!edited.empty()) request.emplace_back("edited", ValueList(edited.begin(), edited.end()));
  runtime.gate().journal = run;
  runtime.vm().context().run = run.get();
  return run_procedure(runtime, procedure, std::move(request), options, session);
}

int take_on_or_report(const std::string& name, const std::string& mode, const SessionOptions& session,
                      const RunOptions& options, const Modules& modules) {
  const auto runtime = open_session(session, modules);
  try {
    return take_on(name, mode, session, options, *runtime);
  } catch (const Error& error) {
    if (error.code().starts_with("usage.")) throw;
    (void)runtime->run_text("require 'ops.procedure'", "=[opshost] resume", {});  // declares what to do about it
    const auto outcome = refused(error);
    report(outcome, session, *runtime);
    return outcome.exit_code;
  }
}

}  // namespace

Command resume_command(const Modules& modules) {
  auto session = std::make_shared<SessionOptions>();
  auto options = std::make_shared<RunOptions>();
  auto rollback = std::make_shared<bool>(false);
  Command command{.name = "resume",
                  .summary = "go on with a run that was interrupted or failed",
                  .arguments = "RUN",
                  .required_arguments = 1,
                  .options = session_options(session)};
  for (auto& option : run_options(options)) command.options.push_back(std::move(option));
  command.options.push_back({.name = "--edited",
                             .value_name = "",
                             .doc = "go on although files of the run were edited",
                             .set = [options](const std::string&) { options->edited = true; }});
  command.options.push_back({.name = "--rollback",
                             .value_name = "",
                             .doc = "take back what the run did",
                             .set = [rollback](const std::string&) { *rollback = true; }});
  command.options.push_back(json_option(session, "say how it ended, and errors, as JSON on stdout too"));
  command.run = [=](const std::vector<std::string>& arguments) {
    return take_on_or_report(arguments.front(), *rollback ? "rollback" : "resume", *session, *options, modules);
  };
  return command;
}

Command cleanup_command(const Modules& modules) {
  auto session = std::make_shared<SessionOptions>();
  auto options = std::make_shared<RunOptions>();
  Command command{.name = "cleanup",
                  .summary = "put back what a run owes, and do nothing else",
                  .arguments = "RUN",
                  .required_arguments = 1,
                  .options = session_options(session)};
  command.options.push_back({.name = "--edited",
                             .value_name = "",
                             .doc = "go on although files of the run were edited",
                             .set = [options](const std::string&) { options->edited = true; }});
  command.options.push_back(json_option(session, "say how it ended, and errors, as JSON on stdout too"));
  command.run = [=](const std::vector<std::string>& arguments) {
    return take_on_or_report(arguments.front(), "cleanup", *session, *options, modules);
  };
  return command;
}

}  // namespace opshost::cli
