// What stdlib asks of the gate, and of the declared error codes.
#include <algorithm>

#include "host/base/names.hpp"
#include "host/gate/gate.hpp"
#include "host/lua/error_object.hpp"
#include "host/lua/natives.hpp"
#include "host/lua/vm.hpp"

namespace opshost::lua {

namespace {

// plan_unknown(item, stop): a fan-out's item, not the whole plan, ends where it cannot know
int plan_unknown(lua_State* state) {
  const auto error = to_error(state, 2);
  const std::string at = error_position(state, 2);
  context_of(state).gate->plan.add_unknown(error.message() + " (item " + luaL_checkstring(state, 1) + ")", at);
  return 0;
}

std::vector<std::string> declared_codes(Vm& vm) {
  std::vector<std::string> codes;
  for (const auto* module : vm.declared()) {
    for (const auto& error : module->errors) codes.push_back(error.code);
  }
  return codes;
}

bool is_declared(const std::string& pattern, const std::vector<std::string>& codes) {
  const bool family = pattern.ends_with(".*");
  const auto prefix = pattern.substr(0, pattern.size() - 1);
  return std::any_of(codes.begin(), codes.end(),
                     [&](const std::string& code) { return family ? code.starts_with(prefix) : code == pattern; });
}

/// nullopt where every code is one that something declares.
std::optional<Error> unknown_code(lua_State* state) {
  auto& vm = Vm::of(state);
  for (int i = 1; i <= static_cast<int>(lua_objlen(state, 1)); ++i) {
    lua_rawgeti(state, 1, i);
    const std::string pattern = lua_type(state, -1) == LUA_TSTRING ? lua_tostring(state, -1) : "";
    lua_pop(state, 1);
    // A binding nobody required yet is declared now: its codes are as good as any.
    (void)vm.find_module(pattern.substr(0, pattern.find('.')));
    const auto codes = declared_codes(vm);
    if (is_declared(pattern, codes)) continue;
    return Error("ops.unknown_code", "no error has the code \"" + pattern + "\"" + did_you_mean(pattern, codes));
  }
  return std::nullopt;
}

// check_error_codes(codes): raises for one that nothing declares
int check_error_codes(lua_State* state) {
  if (const auto error = unknown_code(state)) {
    push_error(state, *error);
    locate_error(state);
  } else {
    return 0;
  }
  return lua_error(state);
}

// is_plan() -> true: changes are noted and not sent
int is_plan(lua_State* state) {
  lua_pushboolean(state, context_of(state).gate->mode == gate::Mode::plan ? 1 : 0);
  return 1;
}

// describe(value) -> text for a message
int native_describe(lua_State* state) {
  const std::string text = describe(value_from_lua(state, 1), 600);
  lua_pushlstring(state, text.data(), text.size());
  return 1;
}

// duration_text(seconds) -> "1m30s"
int duration_text(lua_State* state) {
  const std::string text = format_duration(seconds_to_duration(luaL_checknumber(state, 1)).value_or(Duration{}));
  lua_pushlstring(state, text.data(), text.size());
  return 1;
}

}  // namespace

void add_gate_natives(lua_State* state) {
  set_native(state, "plan_unknown", plan_unknown);
  set_native(state, "check_error_codes", check_error_codes);
  set_native(state, "is_plan", is_plan);
  set_native(state, "describe", native_describe);
  set_native(state, "duration_text", duration_text);
}

}  // namespace opshost::lua
