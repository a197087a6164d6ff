// What the gate allows the current fiber, and the frame of a procedure it is in: for stdlib's procedures.
#include <algorithm>

#include "host/base/names.hpp"
#include "host/fiber/scheduler.hpp"
#include "host/gate/gate.hpp"
#include "host/gate/guard.hpp"
#include "host/gate/touches_nothing.hpp"
#include "host/lua/convert.hpp"
#include "host/lua/natives.hpp"
#include "host/lua/unknown.hpp"
#include "host/lua/vm.hpp"

namespace opshost::lua {

namespace {

fiber::Fiber& current_fiber(lua_State* state) { return *context_of(state).scheduler->current(); }

Effect effect_named(const std::string& name, const std::string& module) {
  for (const auto effect : {Effect::observe, Effect::change, Effect::destroy}) {
    if (name == effect_name(effect)) return effect;
  }
  const std::vector<std::string> names{"observe", "change", "destroy"};
  throw Error("procedure.definition", "`uses` says " + module + " = " + describe(Value(name)) +
                                          ", expected \"observe\", \"change\" or \"destroy\"" +
                                          did_you_mean(name, names));
}

std::map<std::string, Effect> read_uses(lua_State* state, int index) {
  std::map<std::string, Effect> uses;
  for (lua_pushnil(state); lua_next(state, index) != 0; lua_pop(state, 1)) {
    const auto value = value_from_lua(state, -1);
    const auto key = value_from_lua(state, -2);
    const auto* module = key.get_if<std::string>();
    const auto* effect = value.get_if<std::string>();
    if (module == nullptr || effect == nullptr) {
      throw Error("procedure.definition", "`uses` is a table of module = \"observe\", \"change\" or \"destroy\"; got " +
                                              describe(key) + " = " + describe(value));
    }
    uses[*module] = effect_named(*effect, *module);
  }
  return uses;
}

std::shared_ptr<gate::Step> read_step(lua_State* state, int index) {
  auto step = std::make_shared<gate::Step>();
  step->path = field_text(state, index, "path");
  step->repeatable = field_flag(state, index, "repeatable");
  step->sensitive = field_flag(state, index, "sensitive");
  step->only_repeatable = field_flag(state, index, "only_repeatable");
  return step;
}

/// Each field of the table on the stack replaces that of the scope; what it does not say stays.
void read_scope(lua_State* state, gate::Scope& scope) {
  lua_getfield(state, 1, "frame");
  if (lua_isnumber(state, -1) != 0) scope.frame = static_cast<std::uint64_t>(lua_tonumber(state, -1));
  lua_pop(state, 1);
  lua_getfield(state, 1, "uses");
  if (lua_istable(state, -1)) scope.uses = read_uses(state, lua_gettop(state));
  lua_pop(state, 1);
  lua_getfield(state, 1, "step");
  if (lua_istable(state, -1)) {
    scope.step = read_step(state, lua_gettop(state));
  } else if (!lua_isnil(state, -1)) {
    scope.step = nullptr;
  }
  lua_pop(state, 1);
  if (field_flag(state, 1, "unguarded")) scope.guards.clear();
  if (field_flag(state, 1, "looks")) scope.looks = true;
  lua_getfield(state, 1, "guard");
  if (lua_isfunction(state, -1)) {
    int reference = 0;
    std::shared_ptr<void> slot;
    Mismatch ignored;
    read_function(state, lua_gettop(state), reference, slot, ignored);
    scope.guards.push_back(std::make_shared<gate::Guard>(reference, std::move(slot)));
  }
  lua_pop(state, 1);
}

// push_scope{frame =, uses =, step = {path =, repeatable =, ...} | false, guard = fn, unguarded =, looks =}: until
// pop_scope()
int push_scope(lua_State* state) {
  return native_body(state, [state] {
    auto& fiber = current_fiber(state);
    auto scope = fiber.scope ? std::make_shared<gate::Scope>(*fiber.scope) : std::make_shared<gate::Scope>();
    read_scope(state, *scope);
    fiber.outer_scopes.push_back(std::exchange(fiber.scope, std::move(scope)));
    ++fiber.blocks;
    return 0;
  });
}

int pop_scope(lua_State* state) {
  auto& fiber = current_fiber(state);
  fiber.scope = std::move(fiber.outer_scopes.back());
  fiber.outer_scopes.pop_back();
  --fiber.blocks;
  return 0;
}

// frame() -> the number of the frame the fiber is in; 0: none
int frame(lua_State* state) {
  const auto* fiber = context_of(state).scheduler->current();
  const auto* scope = fiber == nullptr ? nullptr : fiber->scope.get();
  lua_pushnumber(state, scope == nullptr ? 0 : static_cast<lua_Number>(scope->frame));
  return 1;
}

// step_path() -> of the step the fiber is in; nil: none
int step_path(lua_State* state) {
  const auto* scope = current_fiber(state).scope.get();
  if (scope == nullptr || !scope->step) return 0;
  lua_pushlstring(state, scope->step->path.data(), scope->step->path.size());
  return 1;
}

// looks() -> true in a function that only looks
int looks(lua_State* state) {
  const auto* scope = current_fiber(state).scope.get();
  lua_pushboolean(state, scope != nullptr && scope->looks ? 1 : 0);
  return 1;
}

/// Every function of it; no procedure has to declare such a module, and one that does takes nothing by it.
bool touches_nothing(const Module* module) {
  return module != nullptr && !module->functions().empty() &&
         std::all_of(module->functions().begin(), module->functions().end(),
                     [](const auto& function) { return function->touches == gate::kTouchesNothing; });
}

// check_callee_uses(uses): a callee may not use more than the fiber may
int check_callee_uses(lua_State* state) {
  return native_body(state, [state] {
    const auto* scope = current_fiber(state).scope.get();
    if (scope == nullptr || !scope->uses) return 0;
    for (const auto& [module, effect] : read_uses(state, 1)) {
      if (touches_nothing(Vm::of(state).find_module(module))) continue;
      const auto allowed = scope->uses->find(module);
      if (allowed != scope->uses->end() && effect <= allowed->second) continue;
      throw Error("gate.undeclared", "the called procedure uses " + module + " = \"" + effect_name(effect) +
                                         "\", which its caller does not declare; add it to the caller's `uses`");
    }
    return 0;
  });
}

// unknown(label) -> a value only the run will know
int unknown_value(lua_State* state) {
  push_unknown(state, type_of<Any>(), luaL_checkstring(state, 1));
  return 1;
}

}  // namespace

void add_scope_natives(lua_State* state) {
  set_native(state, "push_scope", push_scope);
  set_native(state, "pop_scope", pop_scope);
  set_native(state, "frame", frame);
  set_native(state, "step_path", step_path);
  set_native(state, "looks", looks);
  set_native(state, "check_callee_uses", check_callee_uses);
  set_native(state, "unknown", unknown_value);
}

}  // namespace opshost::lua
