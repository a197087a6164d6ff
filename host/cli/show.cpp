// opshost show RUN: what a run did, step by step.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>

#include "host/base/json_text.hpp"
#include "host/base/utf8.hpp"
#include "host/cli/commands.hpp"
#include "host/gate/plan.hpp"
#include "host/journal/identity.hpp"
#include "host/journal/run_store.hpp"
#include "host/term/output.hpp"

namespace opshost::cli {

namespace {

using journal::Change;
using journal::History;
using journal::Step;

/// Milliseconds of a record's time; 0: none.
std::int64_t millis_of(const std::string& time) {
  std::tm parts{};
  int millis = 0;
  if (std::sscanf(time.c_str(), "%d-%d-%dT%d:%d:%d.%dZ", &parts.tm_year, &parts.tm_mon, &parts.tm_mday, &parts.tm_hour,
                  &parts.tm_min, &parts.tm_sec, &millis) != 7) {
    return 0;
  }
  parts.tm_year -= 1900;
  parts.tm_mon -= 1;
  return static_cast<std::int64_t>(::timegm(&parts)) * 1000 + millis;
}

std::string took(const std::string& from, const std::string& until) {
  if (from.empty() || until.empty()) return {};
  return humanize_duration(std::chrono::milliseconds(std::max<std::int64_t>(0, millis_of(until) - millis_of(from))));
}

/// A damaged file does not keep the rest from being shown.
std::string kept_text(const journal::RunFolder& folder, const Value& field) {
  try {
    return describe(journal::whole_value(folder.path, field));
  } catch (const Error& error) {
    return "(" + error.message() + ")";
  }
}

std::string code_and_message(const Value& error) {
  const auto text = [&error](const char* name) {
    const auto* field = error.field(name);
    const auto* found = field == nullptr ? nullptr : field->get_if<std::string>();
    return found == nullptr ? std::string() : *found;
  };
  return text("message") + " [" + text("code") + "]";
}

std::string change_text(const Change& change, const std::string& indent) {
  const auto arguments = journal::from_journal_form(change.arguments);
  const auto* list = arguments.get_if<ValueList>();
  std::string text = indent + gate::call_text(change.function, list == nullptr ? ValueList() : *list, change.subject) +
                     ": " + change.state();
  for (const auto& [key, value] : change.notes) text += ", " + key + " " + describe(value);
  return text + "\n";
}

std::string step_text(const History& history, const Step& step, const std::string& name, const std::string& indent) {
  std::string text =
      indent + name + ": " + (step.reopened ? "reopened by a clean-up (was " + step.state + ")" : step.state);
  if (const auto time = took(step.began_at, step.ended_at); !time.empty()) text += ", " + time;
  if (step.attempts > 1) text += ", " + std::to_string(step.attempts) + " attempts";
  if (step.seen) text += ", seen " + describe(journal::from_journal_form(*step.seen));
  if (!step.finished() && step.acted) text += ", run returned";
  text += "\n";
  for (const auto id : step.changes) text += change_text(*history.change(id), indent + "  ");
  if (step.error) text += indent + "  " + printable(code_and_message(*step.error)) + "\n";
  return text;
}

/// Steps as a tree of their groups, in the order they began.
std::string steps_text(const History& history) {
  std::vector<const Step*> steps;
  for (const auto& [path, step] : history.steps()) steps.push_back(&step);
  std::sort(steps.begin(), steps.end(), [](const Step* one, const Step* other) { return one->begun < other->begun; });
  std::string text;
  std::string group;
  for (const auto* step : steps) {
    const auto slash = step->path.rfind('/');
    const auto in = slash == std::string::npos ? std::string() : step->path.substr(0, slash);
    if (in != group && !in.empty()) text += "  " + in + "\n";
    group = in;
    text += step_text(history, *step, slash == std::string::npos ? step->path : step->path.substr(slash + 1),
                      in.empty() ? "  " : "    ");
  }
  return text;
}

std::string head_text(const journal::RunFolder& folder, const History& history) {
  const auto& start = *history.start();
  std::string text = "run        " + folder.id + "\nprocedure  " + start.text("procedure") + "\n";
  if (const auto source = start.text("source"); !source.empty()) text += "source     " + source + "\n";
  if (const auto* params = start.field("params"); params != nullptr)
    text += "parameters " + kept_text(folder, *params) + "\n";
  if (const auto* who = start.field("who")) text += "by         " + journal::identity_text(*who) + "\n";
  text += "began      " + start.time + "\nstate      " + journal::state_text(folder, history) + ", " +
          took(start.time, history.last_time()) + "\n";
  if (const auto* result = history.result(); result != nullptr && result->field("value") != nullptr)
    text += "result     " + kept_text(folder, *result->field("value")) + "\n";
  if (const auto* result = history.result(); result != nullptr && result->field("error") != nullptr)
    text += "error      " + printable(code_and_message(*result->field("error"))) + "\n";
  if (const auto* abandoned = history.abandoned()) text += "abandoned  " + abandoned->text("reason") + "\n";
  return text;
}

std::string rest_text(const History& history) {
  std::string text;
  for (const auto& [path, answer] : history.answers())
    text += "  " + path + ": " + describe(answer.value) + " (" + answer.kind + ", by " + answer.by + ")\n";
  if (!text.empty()) text = "answers\n" + text;
  std::string owed;
  for (const auto* cleanup : history.owed()) {
    owed += "  " + cleanup->path;
    if (cleanup->error) owed += ": " + printable(code_and_message(*cleanup->error));
    owed += "\n";
  }
  if (!owed.empty()) text += "owed clean-ups\n" + owed;
  return text;
}

std::string next_text(const journal::RunFolder& folder, const History& history) {
  if (!history.unfinished()) return {};
  const auto state = history.state();
  if (state == "done" || state == "rolled_back") return "put back what is owed: opshost cleanup " + folder.id + "\n";
  return "go on with: opshost resume " + folder.id + "\n";
}

Value document_of(const journal::Record& record) {
  ValueMap members{{"n", record.number}, {"t", record.time}, {"k", record.kind}};
  members.insert(members.end(), record.fields.begin(), record.fields.end());
  return members;
}

int show(const std::string& name, bool json) {
  const auto folder = journal::find_run(name);
  const auto read = journal::read_run(folder);
  const auto& history = read.history;
  if (json) {
    ValueList records;
    for (const auto& record : journal::read_records(folder)) records.push_back(document_of(record));
    standard_output().write(json_text(ValueMap{{"run", folder.id},
                                               {"state", journal::state_text(folder, history)},
                                               {"unfinished", history.unfinished()},
                                               {"torn", read.torn},
                                               {"records", std::move(records)}}) +
                            "\n");
    return 0;
  }
  if (history.start() == nullptr) {
    standard_output().write("The run " + folder.id + " was cut off before it began.\n");
    return 0;
  }
  const auto steps = steps_text(history);
  standard_output().write(head_text(folder, history) + (steps.empty() ? "" : "steps\n" + steps) + rest_text(history) +
                          next_text(folder, history));
  return 0;
}

}  // namespace

Command show_command(const Modules&) {
  auto json = std::make_shared<bool>(false);
  return {.name = "show",
          .summary = "show what a run did: steps, changes, answers, what is owed",
          .arguments = "RUN",
          .required_arguments = 1,
          .options = {{.name = "--json",
                       .value_name = "",
                       .doc = "every record, as JSON",
                       .set = [json](const std::string&) { *json = true; }}},
          .run = [json](const std::vector<std::string>& arguments) { return show(arguments.front(), *json); }};
}

}  // namespace opshost::cli
