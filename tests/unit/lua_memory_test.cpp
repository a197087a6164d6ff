// The VM's memory limit, and Lua errors that unwind through C++ frames.
#include "test_runtime.hpp"

using opshost::lua::Module;
using opshost::test::TestRuntime;

namespace {

int alive = 0;

/// Something a C++ frame owns.
struct Owned {
  Owned() : text(1000, 'x') { ++alive; }
  ~Owned() { --alive; }
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;
  std::string text;
};

/// A result whose making in Lua runs out of memory while C++ objects are alive around it.
std::string big(std::int64_t bytes) {
  const Owned owned;
  return std::string(static_cast<std::size_t>(bytes), 'b');
}
std::vector<std::string> many(std::int64_t count) {
  return std::vector<std::string>(static_cast<std::size_t>(count), "element");
}
opshost::Awaitable<std::vector<std::string>> many_later(opshost::Call& call, std::int64_t count) {
  co_await opshost::asio::post(call.executor(), opshost::asio::use_awaitable);
  co_return many(count);
}

int raise_through_owner(lua_State* state) {
  const Owned owned;
  const auto also = std::make_shared<Owned>();
  return luaL_error(state, "raised with %d alive", alive);
}
int exhaust_through_owner(lua_State* state) {
  const Owned owned;
  lua_newuserdata(state, std::size_t{1} << 30U);
  return 1;
}

void declare_big(Module& module) {
  module.observe("big", big, {{"bytes", "how many"}}, "A long string");
  module.observe("many", many, {{"count", "how many"}}, "A long list");
  module.observe("many_later", many_later, {{"count", "how many"}}, "A long list");
}

class SmallVm : public TestRuntime {
 public:
  SmallVm() : TestRuntime(small(), {{"big", "Results that need memory", declare_big}}) {
    lua_State* state = runtime.vm().state();
    lua_pushcfunction(state, raise_through_owner);
    lua_setglobal(state, "raise_through_owner");
    lua_pushcfunction(state, exhaust_through_owner);
    lua_setglobal(state, "exhaust_through_owner");
  }

 private:
  static opshost::lua::VmOptions small() {
    opshost::lua::VmOptions options;
    options.memory = opshost::Size{16U << 20U};
    return options;
  }
};

constexpr const char* kMemory =
    "the script needs more memory than it may use; raise the limit with --memory [script.memory]";

}  // namespace

TEST_CASE("a Lua error that passes C++ frames runs their destructors") {
  alive = 0;
  SmallVm test;
  CHECK(test.run("return pcall(raise_through_owner)") == R"(false, "raised with 2 alive")");
  CHECK(alive == 0);
  CHECK(test.run("return pcall(exhaust_through_owner)") == R"(false, "not enough memory")");
  CHECK(alive == 0);
}

TEST_CASE("a result the VM has no room for is an error, not the end") {
  alive = 0;
  SmallVm test;
  CHECK(test.run("local big = require 'big' return pcall(big.big, 2^28)") == R"(false, "not enough memory")");
  CHECK(alive == 0);
  CHECK(test.run("local big = require 'big' return pcall(big.many, 2^22)") == R"(false, "not enough memory")");
  CHECK(test.run("local big = require 'big' local ok, e = pcall(big.many_later, 2^22) return ok, tostring(e)") ==
        R"(false, "not enough memory")");
  CHECK(test.run("local big = require 'big' return #big.big(1000), #big.many_later(10)") == "1000, 10");
}

TEST_CASE("a script that takes all there is ends with a clear error, and the next one runs") {
  SmallVm test;
  const std::string in_script = std::string("script.lua: ") + kMemory;
  CHECK(test.run("local t = {} for i = 1, 1e9 do t[i] = {i} end") == in_script);
  CHECK(test.run("local s = 'x' while true do s = s .. s end") == in_script);
  CHECK(test.run("local t = {} while true do t[#t + 1] = bench.string(('x'):rep(1000) .. #t) end") == in_script);
  CHECK(test.run("local t = {} while true do t[#t + 1] = bench.everything_later{string = ('x'):rep(1000) .. #t} end")
            .find(kMemory) != std::string::npos);
  CHECK(test.run("local t = {} while true do t[#t + 1] = bench.open('x') end") == kMemory);
  CHECK(test.run("collectgarbage() return 'still here'") == R"("still here")");
  CHECK(test.runtime.vm().allocator().peak() <= (17U << 20U));
}

TEST_CASE("running out again and again while errors are caught stays an error") {
  SmallVm test;
  CHECK(test.run("local kept, failures = {}, 0\n"
                 "for round = 1, 50 do\n"
                 "  local ok, e = pcall(function() while true do kept[#kept + 1] = bench.string(('y'):rep(5000) .. "
                 "#kept) end end)\n"
                 "  kept = {} if not ok then failures = failures + 1 end\n"
                 "  pcall(bench.fail, 'typed') pcall(bench.two, 'x') pcall(bench.lines, {'a'}, function() end)\n"
                 "end\n"
                 "kept = nil collectgarbage() return failures") == "50");
}

TEST_CASE("deep recursion, also through C++, is an error") {
  SmallVm test;
  CHECK(test.run("local function f() return 1 + f() end f()").find("stack overflow") != std::string::npos);
  CHECK(test.run("local function f() return (('x'):gsub('x', f)) end f()").find("overflow") != std::string::npos);
}

TEST_CASE("garbage is collected before memory runs out, also where half of it is in use for good") {
  SmallVm test;
  // 9 MiB stay, and far more than the 7 MiB left become garbage.
  CHECK(test.run("local kept = {} for i = 1, 9 do kept[i] = ('k'):rep(2^20) .. i end\n"
                 "for i = 1, 200 do local garbage = ('g'):rep(2^19) .. i end\n"
                 "return #kept") == "9");
  CHECK(test.run("local kept = {} for i = 1, 9 do kept[i] = ('k'):rep(2^20) .. i end\n"
                 "for i = 1, 100 do bench.everything_later{string = ('g'):rep(2^18) .. i} end\n"
                 "return #kept") == "9");
}
