#pragma once
// One waiting call in progress: an awaitable on the loop, the fiber that is parked on it, its deadline, its record.
#include <memory>
#include <optional>

#include "host/fiber/fiber.hpp"
#include "host/gate/gate.hpp"
#include "host/gate/guard.hpp"
#include "host/lua/context.hpp"
#include "host/lua/description.hpp"

namespace opshost::lua {

/// What a native function tells its entry to do next, where it is no count of results.
inline constexpr int kPark = -1;
inline constexpr int kRaise = -2;

class Operation : public Call, public fiber::Waiter, public std::enable_shared_from_this<Operation> {
 public:
  Operation(Context& context, const FunctionInfo& info);

  /// Begins the call for the current fiber and parks it: for `timeout`, or to its deadline where that is earlier. The
  /// fiber parks also where the answer is there at once: others that are ready go first.
  /// Told to stop, it gets its own `grace` on top of the host's limit to end.
  void begin(journal::Intent intent, std::optional<Duration> timeout, Duration grace = {});

  // Call
  void note(const std::string& key, Value value) override;
  Awaitable<void> note_durably(const std::string& key, Value value) override;
  Awaitable<void> run_callback(int reference, ValueList arguments) override;

  // Waiter
  void stop(StopReason reason) override;
  /// Not before its guards and a person have let it go: until then a stop ends it like any wait.
  [[nodiscard]] bool is_change() const override { return changes() && committed_; }
  [[nodiscard]] std::string what() const override;
  int push_outcome(lua_State* state) override;

  /// The callback returned, or raised the error on top of `state`'s stack (popped). Returns kPark, or the number of
  /// values pushed where the call ended meanwhile.
  int callback_returned(lua_State* state, bool raised);

 protected:
  void expired() override;
  /// The call's own, whatever the deadlines around it.
  [[nodiscard]] const std::optional<Duration>& timeout() const { return timeout_; }

  virtual Awaitable<void> execute() = 0;
  /// Pushes what the call returns. Runs in a protected call.
  virtual int push_results(lua_State* state) = 0;

 private:
  struct PendingCallback;

  Awaitable<void> returned(std::shared_ptr<PendingCallback> pending);
  static Awaitable<void> drive(std::shared_ptr<Operation> self);
  [[nodiscard]] bool changes() const { return info_.effect != Effect::observe; }
  [[nodiscard]] bool waits_for_turn() const { return changes() && scope_ && !scope_->guards.empty(); }
  Awaitable<void> attempt();
  Awaitable<void> pass_guards();
  void refuse_if_stopped();
  Awaitable<void> ask_person();
  void start_clock(std::optional<Duration> timeout);
  Awaitable<void> record_outcome();
  void complete();
  void abandon();
  void stop_waiting_callback();
  /// The callback raised nothing of its own: this call's timeout ended its wait, or its fiber has to stop, which lets a
  /// change in flight answer.
  [[nodiscard]] bool callback_was_only_stopped(lua_State* state);
  void apply_stop_reason();
  /// A stopped change may have been applied, unless its client says that it was stopped before.
  [[nodiscard]] bool stopped_in_flight() const;
  int push_outcome_now(lua_State* state);
  int push_failure(lua_State* state);
  int push_planned_unknown(lua_State* state);
  void take_back_unless_sent();

  Context& context_;
  const FunctionInfo& info_;
  journal::Intent intent_;
  std::optional<Duration> timeout_;
  Duration unwind_within_{};
  std::optional<Error> error_;
  std::optional<journal::ChangeId> change_;
  std::shared_ptr<const gate::Scope> scope_;  ///< of the fiber, when the call began
  gate::GuardTurns guard_turns_;              ///< held from the question to the outcome
  std::shared_ptr<gate::Step> last_of_step_;  ///< the step whose last change this is, being unrepeatable
  std::shared_ptr<PendingCallback> callback_;
  int callback_error_ = -2;        ///< registry slot of what the callback raised (LUA_NOREF: nothing)
  std::size_t stale_because_ = 0;  ///< plan: the change that touches what this observe reads
  bool asking_ = false;            ///< a person has to agree first
  bool committed_ = false;         ///< nothing but the journal stands between it and its client
  bool begun_ = false;             ///< its client was asked: a change may be on its way
  bool completed_ = false;
  bool abandoned_ = false;
};

}  // namespace opshost::lua
