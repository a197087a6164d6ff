#include "host/cli/failure_report.hpp"

#include "host/base/json_text.hpp"
#include "host/base/utf8.hpp"
#include "host/cli/advice.hpp"
#include "host/gate/plan.hpp"
#include "host/term/output.hpp"

namespace opshost::cli {

namespace {

using journal::Change;
using journal::History;
using journal::RunJournal;
using journal::Step;

const std::string* text_in(const std::optional<Value>& value, std::string_view name) {
  const auto* field = value ? value->field(name) : nullptr;
  return field == nullptr ? nullptr : field->get_if<std::string>();
}

bool failed_with(const Step& step, const Error& error) {
  const auto* message = text_in(step.error, "message");
  return message != nullptr && *message == error.message();
}

/// The step whose error ended the run; of one that was stopped, or failed in several places, the step that was under
/// way or failed last. nullptr: it failed outside of any. That a step failed is no fault by itself: what a `try` or a
/// budget of failures took is behind the run.
const Step* step_at_fault(const History& history, const Error& error) {
  const auto later = [](const Step& one, const Step* other) {
    return other == nullptr || std::max(one.ended, one.begun) > std::max(other->ended, other->begun);
  };
  const bool in_many = error.code() == "group.failed" || error.code() == "procedure.tolerated";
  const Step* failed = nullptr;
  const Step* under_way = nullptr;
  for (const auto& [path, step] : history.steps()) {
    if (step.finished() || path.starts_with(journal::kCleanupStep)) continue;
    if (failed_with(step, error) && later(step, failed)) failed = &step;
    if ((in_many || step.state != "failed") && later(step, under_way)) under_way = &step;
  }
  return failed != nullptr ? failed : under_way;
}

std::string call_of(const Change& change) {
  const auto arguments = journal::from_journal_form(change.arguments);
  const auto* list = arguments.get_if<ValueList>();
  return gate::call_text(change.function, list == nullptr ? ValueList() : *list, change.subject);
}

/// What the change's command wrote last, the end of it.
std::string output_of(const Change& change) {
  constexpr std::size_t kMost = 400;
  const auto* detail = change.error ? change.error->field("detail") : nullptr;
  const std::optional<Value> source = detail == nullptr ? change.result : std::optional<Value>(*detail);
  for (const char* name : {"stderr", "errors", "stdout", "output"}) {
    const auto* text = text_in(source, name);
    if (text == nullptr || text->empty()) continue;
    return text->size() > kMost ? "..." + text->substr(text->size() - kMost) : *text;
  }
  return {};
}

std::string indented(const std::string& text) {
  std::string lines;
  std::size_t begin = 0;
  while (begin < text.size()) {
    const auto end = std::min(text.find('\n', begin), text.size());
    lines += "    " + printable(text.substr(begin, end - begin)) + "\n";
    begin = end + 1;
  }
  return lines;
}

std::string step_text(const History& history, const Step& step) {
  std::string text = "Step: " + step.path + (step.at.empty() ? "" : "  (" + step.at + ")") + "\n";
  const Change* last = nullptr;
  for (std::size_t i = 0; i < step.changes.size(); ++i) {
    last = history.change(step.changes[i]);
    text += "  " + call_of(*last) + ": " + last->state() +
            (i < step.first_of_attempt ? " (in an earlier attempt)" : "") + "\n";
  }
  if (last == nullptr) text += "  it sent no change\n";
  const auto output = last == nullptr ? std::string() : output_of(*last);
  if (!output.empty()) text += "  last output:\n" + indented(output);
  return text;
}

ValueList undone(const History& history) {
  ValueList paths;
  for (const auto& [path, step] : history.steps()) {
    if (path.starts_with(journal::kUndoStep) && step.finished())
      paths.emplace_back(path.substr(journal::kUndoStep.size()));
  }
  return paths;
}

/// Steps that sent a change, and that no undo ran for, of a run that was rolled back. What a clean-up took back of it
/// nobody can tell.
ValueList not_taken_back(const History& history) {
  ValueList paths;
  if (!history.rolled_back()) return paths;
  for (const auto& [path, step] : history.steps()) {
    const bool is_own = !path.starts_with(journal::kUndoStep) && !path.starts_with(journal::kCleanupStep);
    const bool undone = history.steps().contains(std::string(journal::kUndoStep) + path);
    if (is_own && !undone && history.changed(step)) paths.emplace_back(path);
  }
  return paths;
}

ValueList by_hand(const History& history) {
  ValueList paths;
  for (auto& path : history.done_by_hand()) paths.emplace_back(std::move(path));
  return paths;
}

std::string targets_text(const History& history) {
  const auto* targets = history.start() == nullptr ? nullptr : history.start()->field("targets");
  const auto* list = targets == nullptr ? nullptr : targets->get_if<ValueList>();
  std::string text;
  if (list == nullptr) return text;
  for (const auto& target : *list) text += (text.empty() ? " on " : ", ") + *target.get_if<std::string>();
  return text;
}

ValueList owed(const History& history) {
  ValueList list;
  for (const auto* cleanup : history.owed()) list.emplace_back(cleanup->path);
  return list;
}

std::string names(const ValueList& list) {
  std::string text;
  for (const auto& name : list) text += (text.empty() ? "\"" : ", \"") + *name.get_if<std::string>() + "\"";
  return text;
}

/// Why each clean-up that is owed did not succeed, where it was tried.
std::string owed_text(const History& history) {
  std::string text;
  for (const auto* cleanup : history.owed()) {
    const auto* message = text_in(cleanup->error, "message");
    const auto* code = text_in(cleanup->error, "code");
    if (message != nullptr && code != nullptr)
      text += "  " + cleanup->path + ": " + printable(*message) + " [" + *code + "]\n";
  }
  return text;
}

std::string command(RunJournal& run) {
  return run.history().start() == nullptr || !run.history().unfinished()
             ? std::string()
             : (run.history().state() == "done" ? "opshost cleanup " : "opshost resume ") + run.folder().id;
}

std::string run_text(RunJournal& run) {
  const auto& history = run.history();
  std::string text;
  if (const auto list = undone(history); !list.empty()) text += "Taken back: " + names(list) + "\n";
  if (const auto list = not_taken_back(history); !list.empty()) text += "No `undo` ran for: " + names(list) + "\n";
  if (const auto list = owed(history); !list.empty())
    text += "Owed: the clean-up " + names(list) + "\n" + owed_text(history);
  if (const auto list = by_hand(history); !list.empty()) text += "Done by hand: " + names(list) + "\n";
  const auto named = "The run " + run.folder().id + targets_text(history);
  if (history.rolled_back()) return text + named + " was rolled back.\n";
  if (!history.unfinished()) return text + named + " has changed nothing; run it again when the cause is repaired.\n";
  return text + named + " is not finished. Go on with: " + command(run) + "\n";
}

Value change_document(const Change& change) {
  return ValueMap{{"call", call_of(change)}, {"subject", change.subject}, {"state", change.state()}};
}

Value document(const Outcome& outcome, RunJournal& run, const std::string& advice) {
  const auto& history = run.history();
  auto fields = *journal::error_fields(outcome.error).get_if<ValueMap>();
  fields.emplace_back("at", outcome.at);
  fields.emplace_back("advice", advice);
  fields.emplace_back("exit_code", outcome.exit_code);
  ValueMap report{{"run", run.folder().id}, {"state", history.state()}, {"error", std::move(fields)}};
  const auto* targets = history.start() == nullptr ? nullptr : history.start()->field("targets");
  report.emplace_back("targets", targets == nullptr ? Value(ValueList()) : *targets);
  if (const auto* step = step_at_fault(history, outcome.error)) {
    ValueList changes;
    for (const auto id : step->changes) changes.push_back(change_document(*history.change(id)));
    const auto attempt = history.attempt_changes(*step);
    ValueMap at_fault{{"path", step->path}, {"at", step->at}, {"changes", std::move(changes)}};
    if (step->seen) at_fault.emplace_back("seen", *step->seen);
    if (!attempt.empty()) at_fault.emplace_back("output", output_of(*attempt.back()));
    report.emplace_back("step", std::move(at_fault));
  }
  report.emplace_back("undone", undone(history));
  report.emplace_back("not_undone", not_taken_back(history));
  report.emplace_back("by_hand", by_hand(history));
  report.emplace_back("owed", owed(history));
  report.emplace_back("command", command(run));
  return report;
}

}  // namespace

void report_end(RunJournal& run, const std::string& state, const Value& value, const SessionOptions& session) {
  auto& history = run.history();
  const auto list = owed(history);
  if (session.json) {
    standard_output().write(json_text(ValueMap{{"run", run.folder().id},
                                               {"state", state},
                                               {"result", value},
                                               {"not_undone", not_taken_back(history)},
                                               {"by_hand", by_hand(history)},
                                               {"owed", list},
                                               {"command", list.empty() ? "" : command(run)}}) +
                            "\n");
  }
  if (const auto kept = not_taken_back(history); !kept.empty()) {
    say("opshost: the run " + run.folder().id +
        " is rolled back, but no `undo` ran for these steps; what they changed or may have changed stays, unless a "
        "clean-up put it back: " +
        names(kept) + "\n");
  }
  if (const auto hands = by_hand(history); history.rolled_back() && !hands.empty()) {
    say("opshost: the run " + run.folder().id + " is rolled back, but what was done by hand stays: " + names(hands) +
        ". Take it back by hand\n");
  }
  if (list.empty()) return;
  say("opshost: the run " + run.folder().id + " is " + state + ", but owes the clean-up " + names(list) +
      ". Put it back with: opshost cleanup " + run.folder().id + "\n" + owed_text(history));
}

void report_failure(const Outcome& outcome, RunJournal& run, const SessionOptions& session, Runtime& runtime) {
  const auto advice = advice_for(outcome.error, runtime);
  if (session.json) standard_output().write(json_text(document(outcome, run, advice)) + "\n");
  SessionOptions text_only = session;
  text_only.json = false;
  report(outcome, text_only, runtime);
  std::string text;
  if (const auto* step = step_at_fault(run.history(), outcome.error)) text += step_text(run.history(), *step);
  say(text + run_text(run));
}

}  // namespace opshost::cli
