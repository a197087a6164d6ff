#include "host/journal/doubt.hpp"

#include <algorithm>

#include "host/gate/plan.hpp"

namespace opshost::journal {

bool may_repeat(const History& history, const Step& step) {
  const auto changes = history.attempt_changes(step);
  return std::all_of(changes.begin(), changes.end(),
                     [](const Change* change) { return change->repeatable || !change->sent(); });
}

Verdict verdict_of(const History& history, const Step& step) {
  const auto runs_again = may_repeat(history, step) ? Verdict::run : Verdict::ask;
  // What a clean-up put back has to be done again, not awaited.
  if (step.reopened || step.finished()) return runs_again;
  if (step.acted) return Verdict::verify;
  return runs_again;
}

const char* verdict_name(Verdict verdict) {
  switch (verdict) {
    case Verdict::run:
      return "run";
    case Verdict::verify:
      return "verify";
    case Verdict::ask:
      return "ask";
  }
  return "";
}

std::string changes_text(const History& history, const Step& step) {
  std::string text;
  for (const auto* change : history.attempt_changes(step)) {
    const auto arguments = from_journal_form(change->arguments);
    const auto* list = arguments.get_if<ValueList>();
    text += "  " + gate::call_text(change->function, list == nullptr ? ValueList() : *list, change->subject) + ": " +
            change->state();
    for (const auto& [key, value] : change->notes) {
      const Value* name = key == kTracked ? value.field("name") : nullptr;
      text += ", " + key + (name == nullptr ? " " : " as ") + describe(name == nullptr ? value : *name);
    }
    text += "\n";
  }
  return text;
}

}  // namespace opshost::journal
