#include "tests/bench/script.hpp"

#include <cstdio>
#include <cstdlib>

#include "host/lua/sandbox.hpp"
#include "tests/bench/report.hpp"

namespace opshost::bench {

namespace {

void push_environment(lua_State* state) {
  lua_createtable(state, 0, 2);
  lua_pushcfunction(state, plain_add);
  lua_setfield(state, -2, "plain_add");
  lua::push_natives(state);
  lua_setfield(state, -2, "natives");
  lua_createtable(state, 0, 1);
  lua_pushvalue(state, LUA_GLOBALSINDEX);
  lua_setfield(state, -2, "__index");
  lua_setmetatable(state, -2);
}

[[noreturn]] void give_up(const std::string& problem) {
  std::fprintf(stderr, "bench: %s\n", problem.c_str());
  std::exit(2);
}

}  // namespace

int plain_add(lua_State* state) {
  std::size_t length = 0;
  luaL_checklstring(state, 1, &length);
  lua_pushinteger(state, luaL_checkinteger(state, 2) + static_cast<lua_Integer>(length));
  return 1;
}

Script::Script(void (*declare)(lua::Module& module), std::vector<lua::ModuleEntry> more) {
  more.push_back({"bench", "What is measured", declare});
  runtime_ = std::make_unique<Runtime>(lua::VmOptions{}, std::move(more));
}

Outcome Script::outcome_of(const std::string& lua, std::size_t count) {
  lua_State* state = runtime_->vm().state();
  if (luaL_loadbuffer(state, lua.data(), lua.size(), "=bench") != 0) give_up(lua_tostring(state, -1));
  push_environment(state);
  lua_setfenv(state, -2);
  return runtime_->run_function({std::to_string(count)});
}

void Script::run(const std::string& lua, std::size_t count) {
  const auto outcome = outcome_of(lua, count);
  if (!outcome.returned) give_up(outcome.error.message());
}

std::string Script::error_of(const std::string& lua) { return outcome_of(lua, 0).error.code(); }

double Script::thread_ns(const std::string& lua, std::size_t count) {
  const double before = thread_cpu();
  run(lua, count);
  return (thread_cpu() - before) * 1e9 / static_cast<double>(count);
}

double Script::process_ns(const std::string& lua, std::size_t count) {
  const double before = process_cpu();
  run(lua, count);
  return (process_cpu() - before) * 1e9 / static_cast<double>(count);
}

}  // namespace opshost::bench
