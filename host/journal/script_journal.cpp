#include "host/journal/script_journal.hpp"

#include "host/journal/records.hpp"

namespace opshost::journal {

void ScriptJournal::begin() {
  auto run = RunJournal::create(io_);
  ValueList arguments;
  for (const auto& argument : arguments_) arguments.push_back(to_journal_form(argument));
  write_start(*run, {{"script", true}, {"procedure", script_}, {"arguments", std::move(arguments)}}, files_());
  run_ = std::move(run);
}

Awaitable<ChangeId> ScriptJournal::intent(Intent intent) {
  if (!run_) begin();
  const auto id = co_await run_->intent(std::move(intent));
  co_return id;
}

void ScriptJournal::note(ChangeId change, const std::string& key, Value value) {
  run_->note(change, key, std::move(value));
}

Awaitable<void> ScriptJournal::note_durably(ChangeId change, const std::string& key, Value value) {
  co_await run_->note_durably(change, key, std::move(value));
}

Awaitable<void> ScriptJournal::outcome(ChangeId change, Outcome outcome) {
  co_await run_->outcome(change, std::move(outcome));
  // Nobody asks a plain script's run for it again, and it may make millions of them.
  sent_ = sent_any_change();
  run_->history().forget_change(change);
}

bool ScriptJournal::sent_any_change() const { return sent_ || (run_ && run_->history().sent_any_change()); }

}  // namespace opshost::journal
