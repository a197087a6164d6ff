#pragma once
// What the records of a run add up to. The same object serves a run in progress, one taken on again, and `show`.
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "host/journal/journal.hpp"
#include "host/journal/records.hpp"

namespace opshost::journal {

/// Notes of changes that run a command: how to ask for it, {module, kind, ...}, kind "run" or "job"; why nobody can.
inline constexpr std::string_view kTracked = "tracked";
inline constexpr std::string_view kUntracked = "untracked";

struct Change {
  ChangeId id = 0;
  std::uint64_t record = 0;  ///< of its intent
  std::string time;
  std::string step;
  std::string function;
  std::string subject;
  std::string at;
  Value arguments;
  bool repeatable = false;
  ValueMap notes;
  bool answered = false;        ///< its outcome is there
  std::optional<Value> error;   ///< of the outcome: {code, message, maybe_applied, ...}
  std::optional<Value> result;  ///< of the outcome

  /// It was sent, or may have been.
  [[nodiscard]] bool sent() const;
  /// nullptr: it has no such note.
  [[nodiscard]] const Value* note(std::string_view key) const;
  /// It runs where its pid, output and exit code are kept, and what it came to is not known: whoever keeps them can be
  /// asked. A job that was begun can be asked for always.
  [[nodiscard]] bool can_be_asked() const;
  /// "sent", "not sent", "no answer", "may have been applied": for a person.
  [[nodiscard]] std::string state() const;
};

struct Step {
  std::string path;
  std::uint64_t begun = 0;  ///< record
  std::string began_at;     ///< time of the first `step` record
  std::string ended_at;
  std::string at;
  std::size_t attempts = 0;
  std::vector<ChangeId> changes;     ///< of all attempts
  std::size_t first_of_attempt = 0;  ///< index in `changes`: those from here on are the current attempt's
  bool acted = false;
  std::optional<Value> value;   ///< of `acted` or `end`, in journal form
  std::string state = "begun";  ///< begun, failed, done, already, skipped
  std::optional<Value> seen;
  std::optional<Value> error;
  std::uint64_t ended = 0;  ///< record
  bool reopened = false;    ///< a clean-up may have put back what it did
  bool visited = false;     ///< by this process

  [[nodiscard]] bool finished() const { return state == "done" || state == "already" || state == "skipped"; }
  /// Finished, and nothing has put that in question.
  [[nodiscard]] bool settled() const { return finished() && !reopened; }
};

struct Cleanup {
  std::string path;
  std::string group;
  std::uint64_t registered = 0;  ///< record
  std::string state;             ///< registered, ran, failed
  std::optional<Value> error;
  [[nodiscard]] bool owed() const { return state != "ran"; }
};

struct Answer {
  std::string kind;
  std::string text;
  Value value;
  std::string by;
  std::uint64_t record = 0;
};

class History {
 public:
  void apply(const Record& record);

  /// Its intent could not be written, so it was not sent.
  void forget_change(ChangeId id);

  [[nodiscard]] const Record* start() const { return start_ ? &*start_ : nullptr; }
  [[nodiscard]] std::uint64_t last_number() const { return last_number_; }
  [[nodiscard]] const std::string& last_time() const { return last_time_; }

  Step* step(const std::string& path);
  [[nodiscard]] const std::map<std::string, Step>& steps() const { return steps_; }
  [[nodiscard]] const Change* change(ChangeId id) const;
  [[nodiscard]] const std::map<ChangeId, Change>& changes() const { return changes_; }
  [[nodiscard]] std::vector<const Change*> attempt_changes(const Step& step) const;
  [[nodiscard]] bool changed(const Step& step) const;
  [[nodiscard]] bool sent_any_change() const;
  /// The `manual` steps a person did: what the world has of them is in no record of a change.
  [[nodiscard]] std::vector<std::string> done_by_hand() const;
  /// The world may be another than before: a change was or may have been sent, or a person did something.
  [[nodiscard]] bool has_acted() const;
  /// A fact, try or require; nullptr: not recorded.
  [[nodiscard]] const Record* recorded(const std::string& kind, const std::string& path) const;
  [[nodiscard]] const std::map<std::string, Record>& recorded() const { return recorded_; }
  [[nodiscard]] const Answer* answer(const std::string& path) const;
  [[nodiscard]] const std::map<std::string, Answer>& answers() const { return answers_; }
  /// False where no step of the group finished, and nothing in it was done by hand, after the answer, so that a resume
  /// asks again.
  [[nodiscard]] bool acted_upon(const std::string& path) const;
  [[nodiscard]] const std::map<std::string, Cleanup>& cleanups() const { return cleanups_; }
  [[nodiscard]] std::vector<const Cleanup*> owed() const;
  [[nodiscard]] bool group_ended(const std::string& path) const { return groups_.contains(path); }
  /// Finished steps of the group that this process did not visit.
  [[nodiscard]] std::vector<std::string> unvisited(const std::string& group) const;
  [[nodiscard]] const std::vector<Record>& logs() const { return logs_; }

  /// The latest `result`; nullptr: none, or the run was taken on since.
  [[nodiscard]] const Record* result() const { return result_ ? &*result_ : nullptr; }
  [[nodiscard]] const Record* abandoned() const { return abandoned_ ? &*abandoned_ : nullptr; }
  [[nodiscard]] bool rolling_back() const { return rolling_back_ && !rolled_back_; }
  [[nodiscard]] bool rolled_back() const { return rolled_back_; }
  /// running (or killed), done, failed, refused, interrupted, rolled_back, abandoned.
  [[nodiscard]] std::string state() const;
  /// Somebody has to come back to it: it is neither done nor given up and has acted, or a clean-up is owed.
  [[nodiscard]] bool unfinished() const;
  /// The same, were the run to end now in this state.
  [[nodiscard]] bool unfinished_as(const std::string& state) const;
  /// Every Lua file: {name, sha256, origin}, of the start and later.
  [[nodiscard]] ValueList files() const;

 private:
  void apply_start(const Record& record);
  void apply_session(const Record& record);
  void apply_step(const Record& record);
  void apply_attempt(const Record& record);
  void apply_intent(const Record& record);
  void apply_note(const Record& record);
  void apply_outcome(const Record& record);
  void apply_acted(const Record& record);
  void apply_end(const Record& record);
  void apply_cleanup(const Record& record);
  void apply_group(const Record& record);
  void apply_answer(const Record& record);
  void reopen_after(const Cleanup& cleanup);
  void for_each_within(const std::string& group, const std::function<void(Step&)>& each);

  std::optional<Record> start_;
  std::optional<Record> result_;
  std::optional<Record> abandoned_;
  std::map<std::string, Step> steps_;
  std::map<ChangeId, Change> changes_;
  std::map<std::string, Record> recorded_;  ///< by kind and path
  std::map<std::string, Cleanup> cleanups_;
  std::map<std::string, Answer> answers_;
  std::map<std::string, std::uint64_t> groups_;
  std::vector<Record> logs_;
  ValueList files_;
  std::uint64_t last_number_ = 0;
  std::string last_time_;
  bool rolling_back_ = false;
  bool rolled_back_ = false;
};

/// True for the group's own path and everything in it; "" is the whole run.
bool is_within(const std::string& path, const std::string& group);

/// Steps of the run's own.
inline constexpr std::string_view kCleanupStep = "clean-up: ";
inline constexpr std::string_view kUndoStep = "undo: ";

}  // namespace opshost::journal
