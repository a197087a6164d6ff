#include "host/lua/operation.hpp"

#include "host/base/fault_point.hpp"
#include "host/fiber/scheduler.hpp"
#include "host/lua/convert.hpp"
#include "host/lua/error_object.hpp"
#include "host/lua/protect.hpp"
#include "host/lua/stop.hpp"
#include "host/lua/unknown.hpp"

namespace opshost::lua {

namespace {

Error error_from(const std::exception& failure) {
  if (const auto* known = dynamic_cast<const Error*>(&failure)) return *known;
  return {"internal.exception",
          std::string("unexpected: ") + failure.what() + "; this is a defect of opshost, please report it"};
}

}  // namespace

/// A callback the caller's fiber has to run, and the call waiting for it.
struct Operation::PendingCallback {
  PendingCallback(const asio::any_io_executor& executor, int reference, ValueList arguments)
      : reference(reference), arguments(std::move(arguments)), returned(executor, TimePoint::max()) {}
  int reference;
  ValueList arguments;
  asio::steady_timer returned;
  bool done = false;
};

Operation::Operation(Context& context, const FunctionInfo& info)
    : Call(context.scheduler->io().get_executor(), *context.blocking), context_(context), info_(info) {}

void Operation::begin(journal::Intent intent, std::optional<Duration> timeout, Duration grace) {
  auto& scheduler = *context_.scheduler;
  intent_ = std::move(intent);
  timeout_ = timeout;
  unwind_within_ = context_.unwind_within + grace;
  fiber = scheduler.current();
  scope_ = fiber->scope;
  if (changes() && scope_) last_of_step_ = scope_->step_ended_by(intent_.repeatable);
  if (context_.gate->mode == gate::Mode::plan) {
    stale_because_ = context_.gate->plan.add_read(info_, intent_.subject, intent_.arguments, intent_.at);
  }
  asking_ = context_.gate->must_confirm(info_);
  // Behind a guard its own time begins when it is its turn.
  if (!asking_) start_clock(waits_for_turn() ? std::nullopt : timeout_);

  const auto self = shared_from_this();
  scheduler.launcher().start(drive(self));
  scheduler.park(self);
  if (completed_ || callback_) scheduler.wake(*self);
}

void Operation::start_clock(std::optional<Duration> timeout) {
  set_deadline(fiber::earlier_of(timeout ? fiber::from_now(*timeout) : kNoDeadline, *fiber));
  context_.scheduler->timers().set(*this, deadline());
}

int Operation::push_outcome_now(lua_State* state) {
  int count = 0;
  if (!protect(state, [this](lua_State* protected_state) { return push_outcome(protected_state); }, count))
    return kRaise;
  return count;
}

Awaitable<void> Operation::drive(std::shared_ptr<Operation> self) {
  co_await self->attempt();
  self->context_.scheduler->timers().remove(*self);
  self->take_back_unless_sent();
  if (self->change_) co_await self->record_outcome();
  self->guard_turns_.leave();
  self->complete();
}

Awaitable<void> Operation::attempt() {
  try {
    if (asking_) co_await ask_person();
    if (waits_for_turn()) co_await pass_guards();
    refuse_if_stopped();
    committed_ = true;
    if (changes() && context_.gate->journal) change_ = co_await context_.gate->journal->intent(intent_);
    if (change_ && !intent_.step.empty()) set_change_key(context_.gate->journal->key_of(*change_));
    // While the intent was written its time may have run out: what was not sent by then is not sent any more.
    refuse_if_stopped();
    begun_ = true;
    co_await execute();
    if (changes()) fault_point("change.answered");
    co_return;
  } catch (const std::exception& failure) {
    error_ = error_from(failure);
    // Nobody foresaw it, so nobody knows what it left behind.
    if (error_->code() == "internal.exception") error_->set_maybe_applied(changes() && begun_);
  }
  apply_stop_reason();
  if (error_->op().empty()) error_->set_op(info_.qualified());
}

void Operation::refuse_if_stopped() {
  if (Call::stop().stopped()) throw Error("cancelled", "stopped before anything was sent");
}

// The questions are asked in the caller's fiber, and the time they take is not the call's.
Awaitable<void> Operation::pass_guards() {
  for (const auto& guard : scope_->guards) {
    co_await guard->enter(*this);
    guard_turns_.entered(guard);
    ValueList arguments;
    arguments.emplace_back(what());
    co_await run_callback(guard->question(), std::move(arguments));
  }
  start_clock(timeout_);
}

// The time a person thinks counts against no timeout; a deadline that has passed by then lets nothing be sent.
Awaitable<void> Operation::ask_person() {
  refuse_if_stopped();
  auto answer = context_.gate->confirm_destroy(*this, what());
  const bool agreed = co_await std::move(answer);
  asking_ = false;
  if (!agreed) throw Error("gate.not_confirmed", what() + " was not confirmed; nothing was sent");
  if (fiber::deadline_passed(*fiber, Clock::now())) Call::stop().stop(StopReason::deadline);
  start_clock(timeout_);
}

// What was not sent does not keep others from being the step's last change.
void Operation::take_back_unless_sent() {
  if (last_of_step_ && !journal::counts_as_sent(error_)) last_of_step_->unrepeatable_change.clear();
}

void Operation::apply_stop_reason() {
  const auto reason = this->Call::stop().reason();
  if (reason == StopReason::none) return;
  error_->set_maybe_applied(stopped_in_flight());
  if (reason == StopReason::timeout) {
    // What the client itself says of it is more: a wait tells what it saw.
    if (error_->code() == info_.module + ".timeout" || error_->code() == "wait.timeout") return;
    const auto last = seen().empty() ? std::string() : "; last seen: " + seen();
    error_ =
        Error(info_.module + ".timeout", "no answer within " + format_duration(timeout_.value_or(Duration{})) + last)
            .on(error_->target())
            .during(error_->op())
            .maybe_applied(error_->is_maybe_applied())
            .because(*error_);
  } else if (seen().empty()) {
    saw(error_->message());
  }
}

bool Operation::stopped_in_flight() const {
  return changes() && begun_ && (error_->code() != "cancelled" || error_->is_maybe_applied());
}

Awaitable<void> Operation::record_outcome() {
  journal::Outcome outcome{.result = {}, .error = error_};
  if (!error_) {
    lua_State* main = context_.scheduler->main();
    int count = 0;
    const bool pushed = protect(main, [this](lua_State* state) { return push_results(state); }, count);
    if (pushed && count > 0) outcome.result = value_from_lua(main, lua_gettop(main) - count + 1);
    lua_pop(main, count);
  }
  try {
    co_await context_.gate->journal->outcome(*change_, std::move(outcome));
    if (const auto then = take_after_outcome()) co_await then();
  } catch (const std::exception& failure) {
    const bool sent = !error_ || error_->is_maybe_applied();
    Error unrecorded = error_from(failure);
    unrecorded.set_maybe_applied(sent);
    if (unrecorded.op().empty()) unrecorded.set_op(info_.qualified());
    if (error_) unrecorded.set_cause(*error_);
    error_ = std::move(unrecorded);
  }
}

void Operation::complete() {
  completed_ = true;
  if (!abandoned_) context_.scheduler->wake(*this);
}

void Operation::stop(StopReason reason) {
  Call::stop().stop(reason);
  if (reason == StopReason::timeout) stop_waiting_callback();
  if (!completed_) context_.scheduler->timers().set(*this, fiber::from_now(unwind_within_));
}

// The callback's own waits know nothing of this call's timeout.
void Operation::stop_waiting_callback() {
  const bool in_callback = !fiber->in_callback.empty() && fiber->in_callback.back().get() == this;
  if (!in_callback || fiber->shielded > 0 || fiber->waiter == nullptr || fiber->waiter->is_change()) return;
  const auto inner = fiber->waiter;
  inner->stop(StopReason::cancelled);
}

void Operation::expired() {
  if (Call::stop().stopped()) return abandon();
  stop(fiber::deadline_passed(*fiber, Clock::now()) ? StopReason::deadline : StopReason::timeout);
}

// The client does not end although it was told to: its fiber must not wait for ever, and nobody knows what it did.
void Operation::abandon() {
  if (completed_ || abandoned_) return;
  error_ =
      Error(info_.module + ".timeout", "gave no answer and did not stop within " + format_duration(unwind_within_) +
                                           " of being told to; it was left behind")
          .during(info_.qualified())
          .maybe_applied(changes() && begun_);
  abandoned_ = true;
  context_.scheduler->wake(*this);
}

void Operation::note(const std::string& key, Value value) {
  if (change_) context_.gate->journal->note(*change_, key, std::move(value));
}

Awaitable<void> Operation::note_durably(const std::string& key, Value value) {
  if (change_) co_await context_.gate->journal->note_durably(*change_, key, std::move(value));
}

std::string Operation::what() const { return gate::call_text(info_.qualified(), intent_.arguments, intent_.subject); }

Awaitable<void> Operation::run_callback(int reference, ValueList arguments) {
  // The fiber runs one at a time, whoever else of this call has one.
  while (const auto earlier = callback_) co_await returned(earlier);
  const auto pending = std::make_shared<PendingCallback>(executor(), reference, std::move(arguments));
  if (!Call::stop().stopped()) {
    callback_ = pending;
    context_.scheduler->wake(*this);
    co_await returned(pending);
  }
  if (!pending->done || callback_error_ != LUA_NOREF) {
    throw Error("cancelled", "stopped by the error of its callback, or while it ran")
        .maybe_applied(changes() && begun_);
  }
}

Awaitable<void> Operation::returned(std::shared_ptr<PendingCallback> pending) {
  const auto on_stop = Call::stop().on_stop([pending] { pending->returned.cancel(); });
  while (!pending->done) {
    if (Call::stop().stopped()) {
      throw Error("cancelled", "stopped by the error of its callback, or while it ran")
          .maybe_applied(changes() && begun_);
    }
    boost::system::error_code ignored;
    co_await pending->returned.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
}

bool Operation::callback_was_only_stopped(lua_State* state) {
  if (!is_stop(state, -1)) return false;
  return Call::stop().reason() == StopReason::timeout || (changes() && begun_ && fiber->must_stop());
}

int Operation::callback_returned(lua_State* state, bool raised) {
  if (raised && callback_was_only_stopped(state)) {
    lua_pop(state, 1);
  } else if (raised) {
    callback_error_ = luaL_ref(state, LUA_REGISTRYINDEX);
    stop(StopReason::cancelled);
  }
  // A stop that came while the callback was in a clean-up did not reach this call.
  if (fiber->must_stop() && !is_change() && !Call::stop().stopped()) stop(fiber->stop_reason);
  if (callback_) {
    callback_->done = true;
    callback_->returned.cancel();
    callback_ = nullptr;
  }
  if (!completed_ && !abandoned_ && !callback_) {
    context_.scheduler->park(shared_from_this());
    return kPark;
  }
  return push_outcome_now(state);
}

int Operation::push_outcome(lua_State* state) {
  if (callback_ && !completed_ && !abandoned_) {
    fiber->in_callback.push_back(shared_from_this());
    lua_rawgeti(state, LUA_REGISTRYINDEX, callback_->reference);
    for (const auto& argument : callback_->arguments) push_value(state, argument);
    return 1 + static_cast<int>(callback_->arguments.size());
  }
  if (error_) return push_failure(state);
  lua_pushboolean(state, 1);
  return 1 + push_results(state);
}

int Operation::push_failure(lua_State* state) {
  if (callback_error_ != LUA_NOREF) {
    lua_pushboolean(state, 0);
    lua_rawgeti(state, LUA_REGISTRYINDEX, callback_error_);
    luaL_unref(state, LUA_REGISTRYINDEX, callback_error_);
    callback_error_ = LUA_NOREF;
    return 2;
  }
  const auto reason = Call::stop().reason();
  if (reason != StopReason::none && reason != StopReason::timeout && !abandoned_) {
    return push_stopped(state, *fiber, reason, what(), seen(), error_->is_maybe_applied());
  }
  if (stale_because_ != 0) return push_planned_unknown(state);
  lua_pushboolean(state, 0);
  push_error(state, *error_);
  return 2;
}

// What it reads is what a planned change would have made: that it is not there yet is no failure of the plan.
int Operation::push_planned_unknown(lua_State* state) {
  const auto label = "answer of " + info_.qualified() + " after change " + std::to_string(stale_because_);
  const bool known = can_be_unknown(*info_.result);
  lua_pushboolean(state, known ? 1 : 0);
  if (known) {
    push_unknown(state, *info_.result, label);
  } else {
    push_plan_unknown(state, label);
  }
  return 2;
}

}  // namespace opshost::lua
