#include "host/journal/history.hpp"

namespace opshost::journal {

namespace {

std::optional<Value> copy_of(const Value* value) {
  if (value == nullptr) return std::nullopt;
  return *value;
}

const std::string* text_of(const Value& value, std::string_view name) {
  const auto* field = value.field(name);
  return field == nullptr ? nullptr : field->get_if<std::string>();
}

bool may_be_applied(const Value& error) {
  const auto* maybe = error.field("maybe_applied");
  const auto* flag = maybe == nullptr ? nullptr : maybe->get_if<bool>();
  return flag != nullptr && *flag;
}

constexpr std::string_view kManual = "manual";

bool is_own_step(const std::string& path) { return path.starts_with(kCleanupStep) || path.starts_with(kUndoStep); }

}  // namespace

bool is_within(const std::string& path, const std::string& group) {
  if (group.empty()) return !is_own_step(path);
  return path.starts_with(group) && (path.size() == group.size() || path[group.size()] == '/');
}

bool Change::sent() const {
  if (!answered || !error) return true;
  if (may_be_applied(*error)) return true;
  // A command that ran and ended did whatever it does, whatever its exit code says.
  const auto* code = text_of(*error, "code");
  return code != nullptr && (code->ends_with(".exit") || code->ends_with(".signal"));
}

const Value* Change::note(std::string_view key) const {
  for (const auto& [name, value] : notes) {
    if (name == key) return &value;
  }
  return nullptr;
}

bool Change::can_be_asked() const {
  const Value* tracked = note(kTracked);
  if (tracked == nullptr || note(kUntracked) != nullptr) return false;
  if (!answered) return true;
  const auto* kind = text_of(*tracked, "kind");
  if (kind != nullptr && *kind == "job") return sent();
  if (!error || !may_be_applied(*error)) return false;
  // One that ran out of time was ended.
  const auto* code = text_of(*error, "code");
  return code == nullptr || !code->ends_with(".timeout");
}

std::string Change::state() const {
  if (!answered) return "no answer was recorded";
  if (!error) return "sent";
  const auto* code = text_of(*error, "code");
  const bool unsure = may_be_applied(*error);
  const std::string what = !sent() ? "not applied: " : unsure ? "may have been applied: " : "it ran and failed: ";
  return what + (code == nullptr ? std::string() : *code);
}

void History::for_each_within(const std::string& group, const std::function<void(Step&)>& each) {
  for (auto step = steps_.lower_bound(group); step != steps_.end() && step->first.starts_with(group); ++step) {
    if (is_within(step->first, group)) each(step->second);
  }
}

void History::apply(const Record& record) {
  last_number_ = record.number;
  last_time_ = record.time;
  const auto& kind = record.kind;
  if (kind == "start") return apply_start(record);
  if (kind == "session") return apply_session(record);
  if (kind == "file") {
    files_.emplace_back(record.fields);
    return;
  }
  if (kind == "fact" || kind == "try" || kind == "require") {
    recorded_[kind + ":" + record.text("path")] = record;
    return;
  }
  if (kind == "step") return apply_step(record);
  if (kind == "attempt") return apply_attempt(record);
  if (kind == "intent") return apply_intent(record);
  if (kind == "note") return apply_note(record);
  if (kind == "outcome") return apply_outcome(record);
  if (kind == "acted") return apply_acted(record);
  if (kind == "end") return apply_end(record);
  if (kind == "cleanup") return apply_cleanup(record);
  if (kind == "group") return apply_group(record);
  if (kind == "answer") return apply_answer(record);
  if (kind == "log") return logs_.push_back(record);
  if (kind == "rollback") (record.text("state") == "done" ? rolled_back_ : rolling_back_) = true;
  if (kind == "result") result_ = record;
  if (kind == "abandon") abandoned_ = record;
}

void History::apply_start(const Record& record) {
  start_ = record;
  const auto* files = record.field("files");
  if (files != nullptr && files->get_if<ValueList>() != nullptr) files_ = *files->get_if<ValueList>();
}

void History::apply_session(const Record& record) {
  result_.reset();
  const auto* files = record.field("files");
  if (files != nullptr && files->get_if<ValueList>() != nullptr) files_ = *files->get_if<ValueList>();
}

void History::apply_step(const Record& record) {
  auto& step = steps_[record.text("path")];
  if (step.begun == 0) {
    step.path = record.text("path");
    step.began_at = record.time;
  }
  step.begun = record.number;
  step.at = record.text("at");
  step.state = "begun";
}

void History::apply_attempt(const Record& record) {
  auto* step = this->step(record.text("path"));
  if (step == nullptr) return;
  ++step->attempts;
  step->first_of_attempt = step->changes.size();
  step->acted = false;
  step->state = "begun";
}

void History::apply_intent(const Record& record) {
  Change change{.id = record.count("id"),
                .record = record.number,
                .time = record.time,
                .step = record.text("step"),
                .function = record.text("function"),
                .subject = record.text("subject"),
                .at = record.text("at"),
                .arguments = record.field("arguments") == nullptr ? Value() : *record.field("arguments"),
                .repeatable = record.flag("repeatable"),
                .notes = {},
                .answered = false,
                .error = {},
                .result = {}};
  if (auto* step = this->step(change.step)) step->changes.push_back(change.id);
  changes_[change.id] = std::move(change);
}

void History::apply_note(const Record& record) {
  const auto found = changes_.find(record.count("id"));
  if (found == changes_.end() || record.field("value") == nullptr) return;
  found->second.notes.emplace_back(record.text("key"), *record.field("value"));
}

void History::apply_outcome(const Record& record) {
  const auto found = changes_.find(record.count("id"));
  if (found == changes_.end()) return;
  found->second.answered = true;
  found->second.error = copy_of(record.field("error"));
  found->second.result = copy_of(record.field("result"));
}

void History::apply_acted(const Record& record) {
  auto* step = this->step(record.text("path"));
  if (step == nullptr) return;
  step->acted = true;
  step->value = copy_of(record.field("value"));
}

void History::apply_end(const Record& record) {
  auto* step = this->step(record.text("path"));
  if (step == nullptr) return;
  step->state = record.text("state");
  step->ended = record.number;
  step->ended_at = record.time;
  step->seen = copy_of(record.field("seen"));
  step->error = copy_of(record.field("error"));
  if (!step->finished()) return;
  if (record.field("value") != nullptr) step->value = copy_of(record.field("value"));
  step->reopened = false;
}

void History::apply_cleanup(const Record& record) {
  auto& cleanup = cleanups_[record.text("path")];
  cleanup.path = record.text("path");
  cleanup.group = record.text("group");
  cleanup.state = record.text("state");
  cleanup.error = copy_of(record.field("error"));
  if (cleanup.state == "registered") cleanup.registered = record.number;
  if (cleanup.state == "ran" && !group_ended(cleanup.group)) reopen_after(cleanup);
}

void History::reopen_after(const Cleanup& cleanup) {
  for_each_within(cleanup.group, [&](Step& step) {
    if (step.begun > cleanup.registered) step.reopened = true;
  });
  // What the steps run again need, their own groups' clean-ups put back again.
  for (auto group = groups_.begin(); group != groups_.end();) {
    const bool inner = is_within(group->first, cleanup.group) && group->first != cleanup.group;
    group = inner && group->second > cleanup.registered ? groups_.erase(group) : std::next(group);
  }
}

void History::apply_group(const Record& record) {
  const auto path = record.text("path");
  groups_[path] = record.number;
  for_each_within(path, [](Step& step) { step.reopened = false; });
}

void History::apply_answer(const Record& record) {
  const auto* value = record.field("value");
  answers_[record.text("path")] = {.kind = record.text("kind"),
                                   .text = record.text("text"),
                                   .value = value == nullptr ? Value() : *value,
                                   .by = record.text("by"),
                                   .record = record.number};
}

void History::forget_change(ChangeId id) {
  const auto found = changes_.find(id);
  if (found == changes_.end()) return;
  if (auto* step = this->step(found->second.step)) std::erase(step->changes, id);
  changes_.erase(found);
}

Step* History::step(const std::string& path) {
  const auto found = steps_.find(path);
  return found == steps_.end() ? nullptr : &found->second;
}

const Change* History::change(ChangeId id) const {
  const auto found = changes_.find(id);
  return found == changes_.end() ? nullptr : &found->second;
}

std::vector<const Change*> History::attempt_changes(const Step& step) const {
  std::vector<const Change*> changes;
  for (auto i = step.first_of_attempt; i < step.changes.size(); ++i) changes.push_back(change(step.changes[i]));
  return changes;
}

bool History::changed(const Step& step) const {
  for (const auto id : step.changes) {
    if (change(id)->sent()) return true;
  }
  return false;
}

bool History::sent_any_change() const {
  for (const auto& [id, change] : changes_) {
    if (change.sent()) return true;
  }
  return false;
}

std::vector<std::string> History::done_by_hand() const {
  std::vector<std::string> paths;
  for (const auto& [path, answer] : answers_) {
    if (answer.kind == kManual) paths.push_back(path);
  }
  return paths;
}

bool History::has_acted() const { return sent_any_change() || !done_by_hand().empty(); }

const Record* History::recorded(const std::string& kind, const std::string& path) const {
  const auto found = recorded_.find(kind + ":" + path);
  return found == recorded_.end() ? nullptr : &found->second;
}

const Answer* History::answer(const std::string& path) const {
  const auto found = answers_.find(path);
  return found == answers_.end() ? nullptr : &found->second;
}

bool History::acted_upon(const std::string& path) const {
  const auto* answer = this->answer(path);
  if (answer == nullptr) return false;
  const auto slash = path.rfind('/');
  const auto group = slash == std::string::npos ? std::string() : path.substr(0, slash);
  for (const auto& [step_path, step] : steps_) {
    if (is_within(step_path, group) && step.finished() && step.ended > answer->record) return true;
  }
  for (const auto& [other_path, other] : answers_) {
    if (other.kind == kManual && is_within(other_path, group) && other.record > answer->record) return true;
  }
  return false;
}

std::vector<const Cleanup*> History::owed() const {
  std::vector<const Cleanup*> owed;
  for (const auto& [path, cleanup] : cleanups_) {
    if (cleanup.owed()) owed.push_back(&cleanup);
  }
  return owed;
}

std::vector<std::string> History::unvisited(const std::string& group) const {
  std::vector<std::string> paths;
  for (auto step = steps_.lower_bound(group); step != steps_.end() && step->first.starts_with(group); ++step) {
    if (is_within(step->first, group) && step->second.finished() && !step->second.visited) paths.push_back(step->first);
  }
  return paths;
}

std::string History::state() const {
  if (abandoned_) return "abandoned";
  if (!result_) return rolling_back() ? "rolling back" : "running";
  return result_->text("state");
}

bool History::unfinished() const { return !abandoned_ && unfinished_as(state()); }

bool History::unfinished_as(const std::string& state) const {
  if (!owed().empty()) return true;
  return state != "done" && state != "rolled_back" && has_acted();
}

ValueList History::files() const { return files_; }

}  // namespace opshost::journal
