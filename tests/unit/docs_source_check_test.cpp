#include <doctest/doctest.h>

#include "host/lua/source_check.hpp"
#include "tests/unit/docs_sample_module.hpp"

namespace {

opshost::KnownNames known() {
  return {.modules = opshost::docs::sample::modules(),
          .module_values = {{"machine", {"version"}}},
          .is_module = [](std::string_view name) { return name == "mine"; }};
}

/// Findings as lines; "" for none.
std::string check(std::string_view source) {
  std::string text;
  for (const auto& finding : opshost::check_source(source, known())) text += finding.located("x.lua") + "\n";
  return text;
}

}  // namespace

TEST_CASE("an unknown module is named with the nearest one") {
  CHECK(check("local m = require \"machin\"") == "x.lua:1:19: unknown module \"machin\"; did you mean \"machine\"?\n");
  CHECK(check("local m = require('zzz')") == "x.lua:1:19: unknown module \"zzz\"\n");
  CHECK(check("local f = require [[ffi]]") == "x.lua:1:19: there is no \"ffi\" here; use a binding, or --unsafe-lua\n");
  CHECK(check("local m, s = require 'mine', require 'string'").empty());
}

TEST_CASE("nothing is called an unknown module where nobody knows the files") {
  opshost::KnownNames names = known();
  names.is_module = nullptr;
  CHECK(opshost::check_source("local m = require 'anything'", names).empty());
}

TEST_CASE("a name that is computed, escaped or shadowed is left alone") {
  CHECK(check("local m = require('mach' .. 'in')").empty());
  CHECK(check("local m = require('machin\\101')").empty());
  CHECK(check("local function require(n) return n end\nlocal m = require 'nowhere'").empty());
}

TEST_CASE("an unknown function of a module") {
  CHECK(check("local m = require 'machine'\nm.raed({'ls'})") ==
        "x.lua:2:3: \"machine\" has no function \"raed\"; did you mean \"read\"?\n");
  CHECK(check("local a, m = 1, require 'machine'\nlocal f = m.lst") ==
        "x.lua:2:13: \"machine\" has no function \"lst\"; did you mean \"list\"?\n");
  CHECK(check("local m = require 'machine'\nlocal x = m.nope() + m.nope()") ==
        "x.lua:2:13: \"machine\" has no function \"nope\"\nx.lua:2:24: \"machine\" has no function \"nope\"\n");
  CHECK(check("require('machine').raed {'ls'}") ==
        "x.lua:1:20: \"machine\" has no function \"raed\"; did you mean \"read\"?\n");
  CHECK(check("local m = require 'machine'\nlocal function f() return function() m.nope() end end") ==
        "x.lua:2:40: \"machine\" has no function \"nope\"\n");
}

TEST_CASE("a module's types and values are no functions, and known") {
  CHECK(check("local m = require 'machine'\nlocal a, b, c = m.Job, m.version, m.ReadOptions").empty());
}

TEST_CASE("another variable of the same name is not the module") {
  CHECK(check("local m = require 'machine'\nlocal function f(m) return m.nope end").empty());
  CHECK(check("local m = require 'machine'\ndo local m = {} m.nope() end").empty());
  CHECK(check("local m = require 'machine'\nfor m = 1, 2 do local x = m.nope end").empty());
  CHECK(check("local m = require 'machine'\nfor _, m in pairs({}) do m.nope() end").empty());
  CHECK(check("do local m = require 'machine' end\nlocal m = {}\nm.nope()").empty());
  CHECK(check("local m = require 'machine'\nlocal t = {m = 1}\nlocal x = t.m.nope").empty());
  CHECK(check("local m = require 'machine'\nrepeat local m = {} until m.nope").empty());
}

TEST_CASE("a variable that is assigned again is not followed, wherever that stands") {
  CHECK(check("local m = require 'machine'\nm.nope()\nm = {}").empty());
  CHECK(check("local m = require 'machine'\nlocal function f() m = {} end\nm.nope()").empty());
  CHECK(check("local m = require 'machine'\nlocal read = m.read\nread({'ls'}, {nope = 1})\nread = print").empty());
  CHECK(check("local m = require 'machine'\nlocal j = m.start_job({'ls'})\nj:nope()\nm = 1").empty());
}

TEST_CASE("an unknown field of an option table, with the nearest one") {
  CHECK(check("local m = require 'machine'\nm.read({'ls'}, {timout = '5s'})") ==
        "x.lua:2:17: unknown field \"timout\" of ReadOptions; did you mean \"timeout\"?\n");
  CHECK(check("local m = require 'machine'\nm.read({'ls'}, {['timout'] = '5s', cwd = '/'})") ==
        "x.lua:2:18: unknown field \"timout\" of ReadOptions; did you mean \"timeout\"?\n");
  CHECK(check("local m = require 'machine'\nlocal r = m.read\nr({'ls'}, nil or {tmeout = 1})") ==
        "x.lua:3:19: unknown field \"tmeout\" of ReadOptions; did you mean \"timeout\"?\n");
}

TEST_CASE("tables that are not the option table have any field") {
  CHECK(check("local m = require 'machine'\nm.read({'ls', x = 1}, {env = {PATH = '/bin'}})").empty());
  CHECK(check("local m = require 'machine'\nm.read({'ls'}, nil and {nope = 1} == 2)").empty());
  CHECK(check("local m = require 'machine'\nm.read({'ls'}, #{nope = 1})").empty());
  CHECK(check("local m = require 'machine'\nm.read({'ls'}, {nope = 1} .. '')").empty());
  CHECK(check("local m = require 'machine'\nm.read({'ls'}, pcall({nope = 1}))").empty());
  CHECK(check("local m = require 'machine'\nm.read({'ls'}, ({nope = 1}).x)").empty());
  CHECK(check("local m = require 'machine'\nm.read({'ls'}, {[tostring(1)] = 1})").empty());
  CHECK(check("local m = require 'machine'\nlocal options = {nope = 1}\nm.read({'ls'}, options)").empty());
}

TEST_CASE("a handle's methods and their options are followed from the call that gave it") {
  CHECK(check("local m = require 'machine'\nlocal job = m.start_job({'ls'})\njob:stpo()") ==
        "x.lua:3:5: a Job has no method \"stpo\"; did you mean \"stop\"?\n");
  CHECK(check("local m = require 'machine'\nm.start_job({'ls'}):stop{reason = 'x', grce = 1}") ==
        "x.lua:2:40: unknown field \"grce\" of StopOptions; did you mean \"grace\"?\n");
  CHECK(check("local m = require 'machine'\nfor job in m.list() do job:stpo() end") ==
        "x.lua:2:28: a Job has no method \"stpo\"; did you mean \"stop\"?\n");
  CHECK(check("local m = require 'machine'\nlocal job = m.start_job({'ls'})\njob:close()\njob:delete()").empty());
}

TEST_CASE("a required field that is not there") {
  CHECK(check("local m = require 'machine'\nm.start_job({'ls'}):stop{grace = 1}") ==
        "x.lua:2:25: StopOptions needs a field \"reason\"\n");
  CHECK(check("local m = require 'machine'\nlocal k = 'reason'\nm.start_job({'ls'}):stop{[k] = 'x'}").empty());
}

TEST_CASE("globals nobody declared, once each") {
  CHECK(check("print(hots)\nprint(hots)") == "x.lua:1:7: unknown global \"hots\"\n");
  CHECK(check("local host = 1\nprint(hots)") == "x.lua:2:7: unknown global \"hots\"; did you mean \"host\"?\n");
  CHECK(check("pirnt(1)") == "x.lua:1:1: unknown global \"pirnt\"; did you mean \"print\"?\n");
  CHECK(check("count = 1\nprint(count)") == "x.lua:1:1: assigns the undeclared global \"count\"; say local count\n");
  CHECK(check("function helper() end\nhelper()") ==
        "x.lua:1:10: assigns the undeclared global \"helper\"; say local function helper\n");
  CHECK(check("machine.read({'ls'})") ==
        "x.lua:1:1: unknown global \"machine\"; say local machine = require \"machine\" first\n");
  CHECK(check("function nope.f() end") == "x.lua:1:10: unknown global \"nope\"\n");
}

TEST_CASE("a file that changes its environment by hand has any global") {
  CHECK(check("_G.x = 1\nprint(x)").empty());
  CHECK(check("setfenv(1, {})\nprint(x)").empty());
}

TEST_CASE("what Lua's libraries have not, where it is called and never asked for") {
  CHECK(check("string.fromat('x')") == "x.lua:1:8: \"string\" has no function \"fromat\"; did you mean \"format\"?\n");
  CHECK(check("os.execute('ls')") ==
        "x.lua:1:4: there is no \"os.execute\" here; use local.read or local.run, which have a timeout and appear in "
        "plans\n");
  CHECK(check("local unpack = table.unpack or unpack\nunpack({})").empty());
  CHECK(check("if table.pack then table.pack(1) end").empty());
  CHECK(check("string.trim = print\nstring.trim(' ')").empty());
  CHECK(check("function string.trim(s) return s end\nstring.trim(' ')").empty());
  CHECK(check("local string = {}\nstring.fromat()").empty());
}

TEST_CASE("all of Lua's grammar is read, and nothing in it is suspected") {
  const char* const source = R"lua(#!/usr/bin/env opshost
--[==[ a long comment with ]] and require "nowhere" and nope() ]==]
-- nope()
local machine = require "machine"
local big, hex, imaginary, float = 42ULL, 0xffLL, 12i, .5e-3 + 0x1p+4 + 3. + 1e5
local text = [[ nope() ]] .. [==[ ]] nope() ]==] .. "\"nope()\z
    end" .. 'it\'s \
next'
local list = {1, 2; 3, ["key"] = 4, key = 5, [6] = {}, nested = {deep = function(...) return ... end},}
goto continue
do local unused = -#list ^ 2 % 3 .. "x" end
::continue::
local function recurse(n, ...)
  if n <= 0 then return ... elseif n ~= 1 then return recurse(n - 1, n, ...) else return nil end
end
local object = {field = {}}
function object.field.method(a, b) return a, b end
function object:with_self(x) self.x = x; return self end
object:with_self(1):with_self "two":with_self {3}.x = 4
object.field.method, list[1] = nil, recurse(3)
for i = 10, 1, -1 do if i == 5 then break end end
for key, value in pairs(list) do print(key, value) end
for _, value in ipairs(list) do print(value) end
while not list do local x = 1; x = x + 1 end
repeat local done = true until done
local result = (machine.read {"ls"}).stdout; print(result)
machine.read({"ls", "-l"}, {timeout = "5s", env = {ANY = "thing"}, shape = "lines"})
machine.start_job({"ls"}, function(line) print(line) end):stop {reason = "done", grace = 5}
local ok, err = pcall(error, {code = "x"})
print(ok, err, select("#", ...), big, hex, imaginary, float, text, ("x"):rep(3), #"abc", not nil and true or false)
return object
)lua";
  CHECK(check(source) == "");
}

TEST_CASE("columns count characters, lines count line ends") {
  CHECK(check("local s = 'h\xC3\xA9llo \xE4\xBD\xA0' nope()\r\n\r\n  other()") ==
        "x.lua:1:21: unknown global \"nope\"\nx.lua:3:3: unknown global \"other\"\n");
  CHECK(check("\xEF\xBB\xBF"
              "nope()") == "x.lua:1:1: unknown global \"nope\"\n");
}

TEST_CASE("a file with a syntax error gets no findings") {
  for (const char* const source :
       {"nope(", "nope() end", "local = 1", "nope() --[[", "x = 'abc\n'", "nope() $", "f() = 1", "if nope then", "a.b",
        "nope() ]==]", "'unclosed", "[[unclosed", "return 1 nope()"}) {
    CAPTURE(source);
    CHECK(check(source) == "");
  }
}

TEST_CASE("hostile nesting ends the reading") {
  std::string parens = "x = ";
  for (int i = 0; i < 100000; ++i) parens += '(';
  CHECK(check(parens).empty());
  std::string blocks;
  for (int i = 0; i < 100000; ++i) blocks += "do ";
  CHECK(check(blocks).empty());
  std::string chain = "local t = {} t";
  for (int i = 0; i < 50000; ++i) chain += ".a()";
  CHECK(check(chain).empty());
}
