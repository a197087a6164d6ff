#include "host/lua/operation.hpp"

#include "host/fiber/scheduler.hpp"
#include "host/lua/convert.hpp"
#include "host/lua/error_object.hpp"
#include "host/lua/protect.hpp"
#include "host/lua/stop.hpp"
#include "host/lua/unknown.hpp"

namespace opshost::lua {

namespace {
/// A client that was told to stop gets this long to end; then its fiber goes on without it.
constexpr auto kUnwindWithin = std::chrono::seconds(5);
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

int Operation::begin(lua_State* state, journal::Intent intent, std::optional<Duration> timeout) {
  auto& scheduler = *context_.scheduler;
  intent_ = std::move(intent);
  timeout_ = timeout;
  fiber = scheduler.current();
  if (context_.gate->mode == gate::Mode::plan) {
    stale_because_ = context_.gate->plan.add_read(info_, intent_.subject, intent_.arguments, intent_.at);
  }
  set_deadline(fiber::earlier_of(timeout ? Clock::now() + *timeout : kNoDeadline, *fiber));
  scheduler.timers().set(*this, deadline());

  const auto self = shared_from_this();
  asio::co_spawn(scheduler.io(), drive(self), asio::detached);
  // Boost 1.83 runs the awaitable at once, 1.74 in the loop's next turn.
  if (!completed_ && !callback_) {
    scheduler.park(self);
    return kPark;
  }
  return push_outcome_now(state);
}

int Operation::push_outcome_now(lua_State* state) {
  int count = 0;
  if (!protect(state, [this](lua_State* protected_state) { return push_outcome(protected_state); }, count)) return kRaise;
  return count;
}

Awaitable<void> Operation::drive(std::shared_ptr<Operation> self) {
  co_await self->attempt();
  self->context_.scheduler->timers().remove(*self);
  if (self->change_) co_await self->record_outcome();
  self->complete();
}

Awaitable<void> Operation::attempt() {
  try {
    if (is_change() && context_.gate->journal) change_ = co_await context_.gate->journal->intent(intent_);
    co_await execute();
    co_return;
  } catch (const Error& error) {
    error_ = error;
  } catch (const std::exception& unexpected) {
    error_ = Error("internal.exception", std::string("unexpected: ") + unexpected.what() +
                                             "; this is a defect of opshost, please report it");
  }
  apply_stop_reason();
  if (error_->op().empty()) error_->set_op(info_.qualified());
}

void Operation::apply_stop_reason() {
  const auto reason = this->Call::stop().reason();
  if (reason == StopReason::none) return;
  const bool sent = is_change();
  if (reason == StopReason::timeout) {
    if (error_->code() == info_.module + ".timeout") return;
    const auto last = seen().empty() ? std::string() : "; last seen: " + seen();
    error_ = Error(info_.module + ".timeout", "no answer within " + format_duration(timeout_.value_or(Duration{})) + last)
                 .maybe_applied(sent)
                 .because(*error_);
  } else if (seen().empty()) {
    saw(error_->message());
  }
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
  } catch (const Error& error) {
    error_ = error;
  }
}

void Operation::complete() {
  completed_ = true;
  if (!abandoned_) context_.scheduler->wake(*this);
}

void Operation::stop(StopReason reason) {
  Call::stop().stop(reason);
  if (!completed_) context_.scheduler->timers().set(*this, Clock::now() + kUnwindWithin);
}

void Operation::expired() {
  if (Call::stop().stopped()) return abandon();
  stop(fiber::deadline_passed(*fiber, Clock::now()) ? StopReason::deadline : StopReason::timeout);
}

// The client does not end although it was told to: its fiber must not wait for ever, and nobody knows what it did.
void Operation::abandon() {
  if (completed_ || abandoned_) return;
  error_ = Error(info_.module + ".timeout", "gave no answer and did not stop within " + format_duration(kUnwindWithin) +
                                                " of being told to; it was left behind")
               .during(info_.qualified())
               .maybe_applied(is_change());
  abandoned_ = true;
  context_.scheduler->wake(*this);
}

void Operation::note(const std::string& key, Value value) {
  if (change_) context_.gate->journal->note(*change_, key, std::move(value));
}

std::string Operation::what() const { return gate::call_text(info_.qualified(), intent_.arguments); }

Awaitable<void> Operation::run_callback(int reference, ValueList arguments) {
  const auto pending = std::make_shared<PendingCallback>(executor(), reference, std::move(arguments));
  callback_ = pending;
  context_.scheduler->wake(*this);
  const auto on_stop = Call::stop().on_stop([pending] { pending->returned.cancel(); });
  while (!pending->done && !Call::stop().stopped()) {
    boost::system::error_code ignored;
    co_await pending->returned.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  if (!pending->done || callback_error_ != LUA_NOREF) {
    throw Error("cancelled", "stopped by the error of its callback, or while it ran");
  }
}

int Operation::callback_returned(lua_State* state, bool raised) {
  if (raised) {
    callback_error_ = luaL_ref(state, LUA_REGISTRYINDEX);
    stop(StopReason::cancelled);
  }
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
    return push_stopped(state, *fiber, reason, what(), seen());
  }
  if (stale_because_ != 0) return push_planned_unknown(state);
  lua_pushboolean(state, 0);
  push_error(state, *error_);
  return 2;
}

// What it reads is what a planned change would have made: that it is not there yet is no failure of the plan.
int Operation::push_planned_unknown(lua_State* state) {
  lua_pushboolean(state, 1);
  push_unknown(state, *info_.result,
               "answer of " + info_.qualified() + ", after change " + std::to_string(stale_because_));
  return 2;
}

}  // namespace opshost::lua
