#include <doctest/doctest.h>

#include <lua.hpp>
#include <memory>

#include "host/docs/luacheck_std.hpp"

namespace {

/// What the Lua expression says of the settings once they are loaded, as luacheck loads them.
std::string evaluate(const std::string& expression) {
  const std::unique_ptr<lua_State, decltype(&lua_close)> state(luaL_newstate(), &lua_close);
  luaL_openlibs(state.get());
  const std::string chunk = "stds = {}\n" + opshost::docs::luacheck_std() + "local all = stds.opshost.read_globals\n" +
                            "return tostring(" + expression + ")";
  const bool failed = luaL_loadbuffer(state.get(), chunk.data(), chunk.size(), "=luacheck") != 0 ||
                      lua_pcall(state.get(), 0, 1, 0) != 0;
  return (failed ? "error: " : "") + std::string(lua_tostring(state.get(), -1));
}

}  // namespace

TEST_CASE("the luacheck std selects itself and has the globals of this machine") {
  CHECK(evaluate("std") == "opshost");
  CHECK(evaluate("all.print ~= nil") == "true");
  CHECK(evaluate("all.string.fields.format ~= nil") == "true");
  CHECK(evaluate("all._G.other_fields") == "true");
}

TEST_CASE("the luacheck std lacks what is taken away") {
  CHECK(evaluate("all.newproxy") == "nil");
  CHECK(evaluate("all.os.fields.execute") == "nil");
  CHECK(evaluate("all.debug.fields.getinfo") == "nil");
  CHECK(evaluate("all.ffi") == "nil");
}
