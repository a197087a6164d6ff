// The hosts a run works on: what the command line chose, what the run's first record has.
#include <filesystem>

#include "host/journal/run_journal.hpp"
#include "host/lua/convert.hpp"
#include "host/lua/inventory_choice.hpp"
#include "host/lua/natives.hpp"
#include "host/lua/vm.hpp"

namespace opshost::lua {

namespace {

void push_choice(lua_State* state, const std::optional<std::string>& choice) {
  choice ? push(state, *choice) : lua_pushnil(state);
}

// chosen_inventory() -> the file of --inventory, the hosts of --limit; nil where there is none
int native_chosen_inventory(lua_State* state) {
  push_choice(state, chosen_inventory().file);
  push_choice(state, chosen_inventory().limit);
  return 2;
}

// recorded_hosts() -> those the run began with, as its journal has them; nil outside of a run, or it chose none
int native_recorded_hosts(lua_State* state) {
  return native_body(state, [state] {
    auto* run = context_of(state).run;
    const auto* start = run == nullptr ? nullptr : run->history().start();
    const auto* hosts = start == nullptr ? nullptr : start->field("hosts");
    if (hosts == nullptr) return 0;
    push_value(state, run->value_of(*hosts));
    return 1;
  });
}

// absolute_path(path) -> the same from the root on
int native_absolute_path(lua_State* state) {
  return native_body(state, [state] {
    push(state, std::filesystem::absolute(luaL_checkstring(state, 1)).lexically_normal().string());
    return 1;
  });
}

}  // namespace

void add_inventory_natives(lua_State* state) {
  set_native(state, "chosen_inventory", native_chosen_inventory);
  set_native(state, "recorded_hosts", native_recorded_hosts);
  set_native(state, "absolute_path", native_absolute_path);
}

}  // namespace opshost::lua
