// The string functions in a whole runtime: stopped while they run, left alone in a shielded fiber.
#include "host/lua/string_functions.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <lua.hpp>
#include <string>
#include <thread>

#include "host/lua/interrupt.hpp"
#include "host/runtime.hpp"

namespace {

using opshost::Outcome;
using opshost::Runtime;
using opshost::StopReason;
using opshost::lua::request_interrupt;

std::atomic<bool> begun{false};

/// As a gsub replacement it runs between two searches, with no line of Lua before the next one.
int begin(lua_State*) {
  begun.store(true);
  return 0;
}

/// interrupted(f, ...) calls the native f with the request already there, and with no Lua code in between that a hook
/// could stop: what raises is f. Returns pcall's results.
int call_interrupted(lua_State* state) {
  request_interrupt(StopReason::interrupted);
  const bool ok = lua_pcall(state, lua_gettop(state) - 1, 1, 0) == 0;
  lua_pushboolean(state, ok ? 1 : 0);
  lua_insert(state, 1);
  if (!ok) return lua_error(state);
  return 2;
}

class Script {
 public:
  Script() : runtime_({}, {}) {
    lua_State* const state = runtime_.vm().state();
    lua_pushcfunction(state, begin);
    lua_setglobal(state, "begin");
    lua_pushcfunction(state, call_interrupted);
    lua_setglobal(state, "interrupted");
    lua_pushlightuserdata(state, &runtime_);
    lua_pushcclosure(state, shield, 1);
    lua_setglobal(state, "shield");
  }

  /// With the globals of this test, not in a script's own environment.
  Outcome run(const std::string& text) {
    lua_State* const state = runtime_.vm().state();
    REQUIRE(luaL_loadbuffer(state, text.data(), text.size(), "=script.lua") == 0);
    return runtime_.run_function({});
  }

 private:
  static int shield(lua_State* state) {
    static_cast<Runtime*>(lua_touserdata(state, lua_upvalueindex(1)))->scheduler().current()->shielded = 1;
    return 0;
  }

  Runtime runtime_;
};

}  // namespace

TEST_CASE("each string function stops once it is asked to") {
  for (const std::string call : {
           "string.find, ('x'):rep(5e6), 'needle', 1, true",
           "string.find, ('x'):rep(5e6), 'needle'",
           "string.find, 'x', '.y'",
           "string.find, ('x'):rep(5e6), '^x*y'",
           "string.match, ('x'):rep(5e6), '^.-y'",
           "string.match, ('('):rep(5e6), '%b()'",
           "('x'):gmatch('.')",
           "string.gsub, 'x', '.', 'y'",
           "string.rep, 'x', 5e6",
           "string.rep, 'xy', 3",
           "string.rep, 'x', 5e5, ','",
       }) {
    CAPTURE(call);
    Script script;
    const Outcome outcome = script.run("interrupted(" + call + ")");
    CHECK_FALSE(outcome.returned);
    CHECK(outcome.error.code() == "interrupted");
    CHECK(outcome.error.message() == "interrupted");
  }
}

TEST_CASE("a pattern that would run for years is stopped by another thread") {
  Script script;
  begun.store(false);
  std::thread person([] {
    while (!begun.load()) std::this_thread::yield();
    request_interrupt(StopReason::interrupted);
  });
  const auto start = std::chrono::steady_clock::now();
  const Outcome outcome = script.run("return (('b' .. ('a'):rep(300)):gsub('.-.-.-.-.-.-.-.-b', begin))");
  person.join();
  CHECK_FALSE(outcome.returned);
  CHECK(outcome.error.code() == "interrupted");
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(10));
}

TEST_CASE("a shielded fiber's string functions end their work") {
  Script script;
  const Outcome outcome = script.run(R"lua(
    shield()
    local _, text = interrupted(string.rep, "ab", 1000000)
    local _, place = interrupted(string.find, text .. "needle", "n%a+e$")
    assert(#text == 2000000 and place == 2000001)
  )lua");
  CHECK(outcome.returned);
  CHECK(outcome.error.message().empty());
}
