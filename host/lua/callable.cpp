#include "host/lua/callable.hpp"

#include "host/fiber/scheduler.hpp"
#include "host/lua/error_object.hpp"
#include "host/lua/protect.hpp"
#include "host/lua/stop.hpp"
#include "host/lua/unknown.hpp"
#include "host/lua/vm.hpp"

namespace opshost::lua {

namespace {

std::string plural(std::size_t count, const char* noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

bool is_unyieldable(lua_State* state) { return lua_isyieldable(state) == 0; }

void check_may_wait(lua_State* state, const Callable& callable) {
  const auto* fiber = context_of(state).scheduler->current();
  if (fiber == nullptr || is_unyieldable(state)) {
    throw Error("script.cannot_wait", "a call that waits is not possible inside a table.sort comparator, a string.gsub "
                                      "callback or a metamethod: collect the answers before, then sort or replace")
        .during(callable.qualified());
  }
}

void raise_if_stopped(lua_State* state) {
  const auto* fiber = context_of(state).scheduler->current();
  if (fiber != nullptr && fiber->must_stop()) throw StoppedFiber{};
}

/// Runs the call and turns every C++ exception into a Lua error value; no C++ object is alive when it returns.
int guarded_call(lua_State* state, Callable& callable) noexcept {
  try {
    if (callable.waits) {
      check_may_wait(state, callable);
      raise_if_stopped(state);
    }
    return callable.call(state);
  } catch (const StoppedFiber&) {
    return push_raised_stop(state, callable.qualified());
  } catch (const PlanUnknown& unknown) {
    return push_raised_unknown(state, unknown);
  } catch (const Error& error) {
    return push_raised(state, error, callable);
  } catch (const std::exception& unexpected) {
    return push_raised(state,
                       Error("internal.exception", std::string("unexpected: ") + unexpected.what() +
                                                       "; this is a defect of opshost, please report it"),
                       callable);
  }
}

int enter(lua_State* state) {
  auto* callable = static_cast<Callable*>(lua_touserdata(state, lua_upvalueindex(1)));
  const int result = guarded_call(state, *callable);
  if (result == kRaise) return lua_error(state);
  if (result == kPark) {
    fiber::Scheduler::push_sentinel(state);
    return lua_yield(state, 1);
  }
  return result;
}

ValueList arguments_from(lua_State* state, const FunctionInfo& info) {
  ValueList arguments;
  for (int i = info.owner.empty() ? 1 : 2; i <= lua_gettop(state); ++i) arguments.push_back(value_from_lua(state, i));
  return arguments;
}

std::string subject_of(lua_State* state, const FunctionInfo& info, const ValueList& arguments) {
  std::string subject = info.touches;
  if (!info.owner.empty() && subject.empty()) {
    if (const auto* box = to_any_handle(state, 1)) return handle_subject(*box);
  }
  const auto position = static_cast<std::size_t>(info.touches_argument);
  if (position >= 1 && position <= arguments.size()) {
    const auto* text = arguments[position - 1].get_if<std::string>();
    if (text != nullptr) subject += " > " + *text;
  }
  return subject;
}

std::string unknown_label(std::size_t change) { return "result of change " + std::to_string(change); }

int push_planned_result(lua_State* state, const FunctionInfo& info, const std::string& label) {
  if (info.waits) lua_pushboolean(state, 1);
  if (info.result->kind == Kind::nothing) return info.waits ? 1 : 0;
  if (info.result->kind == Kind::boolean || info.result->kind == Kind::optional) throw PlanUnknown{label};
  int count = 0;
  if (!protect(state, [&](lua_State* inner) { return push_unknown(inner, *info.result, label), 1; }, count)) {
    throw Error("script.memory", "no memory left for the plan");
  }
  return info.waits ? 2 : 1;
}

}  // namespace

int push_raised(lua_State* state, Error error, const FunctionInfo& info) {
  if (error.op().empty()) error.set_op(info.qualified());
  int count = 0;
  protect(state, [&](lua_State* inner) { return push_error(inner, error), locate_error(inner), 1; }, count);
  return kRaise;
}

int push_raised_stop(lua_State* state, const std::string& operation) {
  int count = 0;
  protect(
      state,
      [&](lua_State* inner) {
        const auto* fiber = context_of(inner).scheduler->current();
        push_stopped(inner, *fiber, fiber->stop_reason, operation, {});
        locate_error(inner);
        return 1;
      },
      count);
  return kRaise;
}

int push_raised_unknown(lua_State* state, const PlanUnknown& unknown) {
  int count = 0;
  protect(
      state,
      [&](lua_State* inner) {
        push_stop(inner, Error("plan.unknown", unknown.label + " is not known before the run"), 0);
        locate_error(inner);
        return 1;
      },
      count);
  return kRaise;
}

void push_callable(lua_State* state, Callable& callable) {
  if (callable.waits) push_waits(state);
  lua_pushlightuserdata(state, &callable);
  lua_pushcclosure(state, enter, 1);
  if (callable.waits) lua_call(state, 1, 1);
}

void throw_wrong_argument(const FunctionInfo& info, int position, const Mismatch& mismatch) {
  std::string text;
  if (position == 0) {
    text = "wrong self (call it with a colon, " + info.qualified() + "): ";
  } else {
    const auto& name = info.params.at(static_cast<std::size_t>(position) - 1).name;
    text = "argument " + std::to_string(position) + " \"" + name;
    if (!mismatch.path.empty()) text += (mismatch.path.front() == '[' ? "" : ".") + mismatch.path;
    text += "\": ";
  }
  text += mismatch.problem.empty() ? "expected " + mismatch.expected + ", got " + mismatch.got : mismatch.problem;
  throw Error("usage.argument", text).during(info.qualified());
}

void check_argument_count(lua_State*, const FunctionInfo& info, int given) {
  if (static_cast<std::size_t>(std::max(given, 0)) <= info.params.size()) return;
  throw Error("usage.argument",
              "takes at most " + plural(info.params.size(), "argument") + ", got " + std::to_string(given))
      .during(info.qualified());
}

void admit_at_once(lua_State* state, const Callable& callable) {
  auto& context = context_of(state);
  const auto* fiber = context.scheduler->current();
  const auto* scope = fiber == nullptr ? nullptr : fiber->scope.get();
  if (context.gate->passes_freely(callable, scope)) return;
  (void)context.gate->admit(callable, scope, true, [&] { return callable.qualified(); });
  if (context.gate->mode != gate::Mode::plan) return;
  const auto arguments = arguments_from(state, callable);
  context.gate->plan.add_read(callable, subject_of(state, callable, arguments), arguments, script_position(state));
}

journal::Intent make_intent(lua_State* state, const Callable& callable) {
  journal::Intent intent{.function = callable.qualified(),
                         .subject = {},
                         .at = script_position(state),
                         .step = {},
                         .arguments = arguments_from(state, callable)};
  intent.subject = subject_of(state, callable, intent.arguments);
  const auto* scope = context_of(state).scheduler->current()->scope.get();
  if (scope != nullptr && scope->step) intent.step = scope->step->path;
  return intent;
}

std::optional<int> plan_instead(lua_State* state, const Callable& callable, const journal::Intent& intent) {
  auto& gate = *context_of(state).gate;
  const auto* scope = context_of(state).scheduler->current()->scope.get();
  const auto verdict = gate.admit(callable, scope, intent.repeatable,
                                  [&] { return gate::call_text(intent.function, intent.arguments); });
  if (verdict == gate::Verdict::send) return std::nullopt;
  const auto number = gate.plan.add_change(callable, intent.subject, intent.arguments, intent.at);
  return push_planned_result(state, callable, unknown_label(number));
}

int plan_with_unknown_argument(lua_State* state, const Callable& callable) {
  const auto intent = make_intent(state, callable);
  if (callable.effect != Effect::observe) return plan_instead(state, callable, intent).value_or(0);
  return push_planned_result(state, callable, "answer of " + gate::call_text(intent.function, intent.arguments));
}

}  // namespace opshost::lua
