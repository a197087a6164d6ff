#include "host/lua/callable.hpp"

#include <new>

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
    throw Error("script.cannot_wait",
                "a call that waits is not possible inside a table.sort comparator, a string.gsub "
                "callback or a metamethod: collect the answers before, then sort or replace")
        .during(callable.qualified());
  }
}

void raise_if_stopped(lua_State* state) {
  const auto* fiber = context_of(state).scheduler->current();
  if (fiber != nullptr && fiber->must_stop()) throw StoppedFiber{};
}

/// Runs the call and turns every C++ exception into a Lua error value; no C++ object is alive when it returns. A Lua
/// error (memory, while a result is pushed) passes through and runs destructors on its way, so this must not be
/// noexcept.
int guarded_call(lua_State* state, Callable& callable) {
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
    std::string label;
    if (is_unknown(state, 1, &label)) return "<" + label + ">";
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
  if (!can_be_unknown(*info.result)) throw PlanUnknown{label};
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
        push_plan_unknown(inner, unknown.label);
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

namespace {

char owner_metatable_key;
using Owner = std::shared_ptr<Callable>;

int collect_owner(lua_State* state) {
  static_cast<Owner*>(lua_touserdata(state, 1))->~Owner();
  return 0;
}

void push_owner(lua_State* state, Owner callable) {
  void* memory = lua_newuserdata(state, sizeof(Owner));
  new (memory) Owner(std::move(callable));
  lua_pushlightuserdata(state, &owner_metatable_key);
  lua_rawget(state, LUA_REGISTRYINDEX);
  lua_setmetatable(state, -2);
}

void ensure_owner_metatable(lua_State* state) {
  lua_pushlightuserdata(state, &owner_metatable_key);
  lua_rawget(state, LUA_REGISTRYINDEX);
  const bool there = lua_istable(state, -1);
  lua_pop(state, 1);
  if (there) return;
  lua_pushlightuserdata(state, &owner_metatable_key);
  lua_createtable(state, 0, 1);
  lua_pushcfunction(state, collect_owner);
  lua_setfield(state, -2, "__gc");
  lua_rawset(state, LUA_REGISTRYINDEX);
}

}  // namespace

void push_owned_callable(lua_State* state, std::shared_ptr<Callable> callable) {
  ensure_owner_metatable(state);
  const bool waits = callable->waits;
  if (waits) push_waits(state);
  lua_pushlightuserdata(state, callable.get());
  push_owner(state, std::move(callable));
  lua_pushcclosure(state, enter, 2);
  if (waits) lua_call(state, 1, 1);
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

namespace {

const gate::Scope* current_scope(lua_State* state) {
  const auto* fiber = context_of(state).scheduler->current();
  return fiber == nullptr ? nullptr : fiber->scope.get();
}

bool passes_freely(lua_State* state, const Callable& callable) {
  return context_of(state).gate->passes_freely(callable, current_scope(state));
}

}  // namespace

journal::Intent make_intent(lua_State* state, const Callable& callable) {
  journal::Intent intent;
  intent.arguments = arguments_from(state, callable);
  intent.subject = subject_of(state, callable, intent.arguments);
  if (passes_freely(state, callable)) return intent;
  intent.function = callable.qualified();
  intent.at = script_position(state);
  const auto* scope = current_scope(state);
  if (scope != nullptr && scope->step) {
    intent.step = scope->step->path;
    intent.sensitive = scope->step->sensitive;
    intent.repeatable = scope->step->repeatable;
  }
  return intent;
}

std::optional<int> plan_instead(lua_State* state, const Callable& callable, const journal::Intent& intent) {
  if (passes_freely(state, callable)) return std::nullopt;
  auto& gate = *context_of(state).gate;
  const auto verdict = gate.admit(callable, current_scope(state), intent.repeatable,
                                  [&] { return gate::call_text(intent.function, intent.arguments, intent.subject); });
  if (verdict == gate::Verdict::send) return std::nullopt;
  const auto number = gate.plan.add_change(callable, intent.subject, intent.arguments, intent.at, intent.step);
  return push_planned_result(state, callable, unknown_label(number));
}

int plan_with_unknown_argument(lua_State* state, const Callable& callable) {
  const auto intent = make_intent(state, callable);
  if (const auto planned = plan_instead(state, callable, intent)) return *planned;
  return push_planned_result(state, callable,
                             "answer of " + gate::call_text(intent.function, intent.arguments, intent.subject));
}

}  // namespace opshost::lua
