// Our string functions beside LuaJIT's own: same arguments, same results, same error texts.
#include <doctest/doctest.h>

#include <lua.hpp>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "host/lua/string_functions.hpp"

namespace {

using namespace std::string_literals;

/// compare(name, ...) calls both and describes the first difference, or returns nil.
constexpr std::string_view kHarness = R"lua(
local original, ours = original, string

local function pack(...) return {n = select("#", ...), ...} end

-- One call site for both, so that error texts carry the same position and the same function name.
local callers = {
  find = function(t, ...) return pcall(function(...) return t.find(...) end, ...) end,
  match = function(t, ...) return pcall(function(...) return t.match(...) end, ...) end,
  gsub = function(t, ...) return pcall(function(...) return t.gsub(...) end, ...) end,
  rep = function(t, ...) return pcall(function(...) return t.rep(...) end, ...) end,
  gmatch = function(t, ...)
    return pcall(function(...)
      local seen = {}
      local iterate = t.gmatch(...)
      for _ = 1, 100 do
        local found = pack(iterate())
        seen[#seen + 1] = found.n
        for i = 1, found.n do seen[#seen + 1] = tostring(found[i]) .. ":" .. type(found[i]) end
        if found.n == 0 then break end
      end
      return unpack(seen)
    end, ...)
  end,
}

local function shown(results)
  local texts = {}
  for i = 1, results.n do
    local value = results[i]
    texts[i] = type(value) == "string" and ("%q"):format(value) or tostring(value)
  end
  return table.concat(texts, ", ")
end

function compare(name, ...)
  local expected, got = pack(callers[name](original, ...)), pack(callers[name](ours, ...))
  local same = expected.n == got.n
  for i = 1, expected.n do same = same and rawequal(expected[i], got[i]) end
  if not same then
    return ("%s(%s): expected %s; got %s"):format(name, shown(pack(...)), shown(expected), shown(got))
  end
  return nil, expected[1]
end
)lua";

class Vm {
 public:
  Vm() : state_(luaL_newstate(), lua_close) {
    luaL_openlibs(get());
    // The harness itself runs on the originals.
    lua_newtable(get());
    lua_getglobal(get(), "string");
    for (const char* name : {"find", "match", "gmatch", "gsub", "rep", "format"}) {
      lua_getfield(get(), -1, name);
      lua_setfield(get(), -3, name);
    }
    lua_pop(get(), 1);
    lua_setglobal(get(), "original");
    opshost::lua::install_string_functions(get());
    run(kHarness);
  }

  lua_State* get() const { return state_.get(); }

  void run(std::string_view chunk) {
    const bool failed =
        luaL_loadbuffer(get(), chunk.data(), chunk.size(), "=chunk") != 0 || lua_pcall(get(), 0, 0, 0) != 0;
    if (failed) FAIL(lua_tostring(get(), -1));
  }

  /// What chunk returns, as one string.
  std::string evaluate(const std::string& chunk) {
    const bool failed =
        luaL_loadbuffer(get(), chunk.data(), chunk.size(), "=chunk") != 0 || lua_pcall(get(), 0, 1, 0) != 0;
    std::size_t length = 0;
    const char* text = lua_tolstring(get(), -1, &length);
    std::string result =
        text == nullptr ? "(" + std::string(luaL_typename(get(), -1)) + ")" : std::string(text, length);
    lua_pop(get(), 1);
    return failed ? "error: " + result : result;
  }

  /// Counts calls that returned rather than raised, so that a test can see that it tested something.
  void compare(const char* name, const std::vector<std::string>& texts, std::string_view last_argument = {}) {
    lua_getglobal(get(), "compare");
    lua_pushstring(get(), name);
    int arguments = 1;
    for (const auto& text : texts) {
      lua_pushlstring(get(), text.data(), text.size());
      ++arguments;
    }
    if (!last_argument.empty()) {
      lua_getglobal(get(), std::string(last_argument).c_str());
      ++arguments;
    }
    REQUIRE(lua_pcall(get(), arguments, 2, 0) == 0);
    if (!lua_isnil(get(), -2)) FAIL_CHECK(lua_tostring(get(), -2));
    (lua_toboolean(get(), -1) != 0 ? returned : raised) += 1;
    lua_pop(get(), 2);
  }

  int returned = 0;
  int raised = 0;

 private:
  std::unique_ptr<lua_State, void (*)(lua_State*)> state_;
};

using Random = std::mt19937_64;

std::string pick(Random& random, const std::vector<std::string>& from) { return from[random() % from.size()]; }

/// Few different characters, so that captures repeat and brackets balance.
std::string any_subject(Random& random, std::size_t longest) {
  static const std::vector<std::string> letters{"a", "b", "a", "b", "c", "(", ")",   "1",    "2",    " ",
                                                ".", "-", "]", "Z", "_", "%", "\0"s, "\x80", "\xff", "\n"};
  std::string text;
  for (std::size_t length = random() % (longest + 1); length > 0; --length) text += pick(random, letters);
  return text;
}

std::string any_set(Random& random) {
  static const std::vector<std::string> members{"a", "b", "a-c", "0-9",       "%a",  "%d",   "%]", "%%", "]",
                                                "^", "-", "%S",  "\x80-\xff", "c-a", "%a-z", ".",  "[",  "%-"};
  std::string set = random() % 3 == 0 ? "[^" : "[";
  for (std::size_t count = 1 + random() % 3; count > 0; --count) set += pick(random, members);
  return set + "]";
}

/// Well-formed, but for capture numbers.
std::string any_pattern(Random& random, int depth = 0) {
  static const std::vector<std::string> singles{"a",  "b",  "c",  ".",  "%a", "%d", "%s", "%w",   "%p", "%A", "%W",
                                                "%.", "%(", "%)", "%%", "%z", "%Z", "1",  "\x80", "$",  "^",  "%g"};
  static const std::vector<std::string> others{"%b()",   "%bab", "%f[%a]", "%f[^%z]", "%f[%z]",
                                               "%f[ab]", "%1",   "%2",     "()"};
  static const std::vector<std::string> repeats{"", "", "", "*", "+", "-", "?"};
  std::string pattern = depth == 0 && random() % 6 == 0 ? "^" : "";
  for (std::size_t items = random() % (depth == 0 ? 5 : 3); items > 0; --items) {
    switch (random() % 10) {
      case 0:
      case 1:
        pattern += pick(random, others);
        break;
      case 2:
      case 3:
        pattern += depth < 2 ? "(" + any_pattern(random, depth + 1) + ")" : "a";
        break;
      case 4:
        pattern += any_set(random) + pick(random, repeats);
        break;
      default:
        pattern += pick(random, singles) + pick(random, repeats);
        break;
    }
  }
  return depth == 0 && random() % 6 == 0 ? pattern + "$" : pattern;
}

/// Mostly malformed.
std::string any_soup(Random& random) {
  static const std::vector<std::string> bits{"%",  "(",  ")",   "[",  "]",  "^",  "$",   ".",  "*",
                                             "+",  "-",  "?",   "a",  "b",  "1",  "0",   "%f", "%b",
                                             "%1", "%9", "\0"s, "()", "[^", "[%", "%f[", "%bx"};
  std::string text;
  for (std::size_t length = random() % 9; length > 0; --length) text += pick(random, bits);
  return text;
}

std::string any_template(Random& random) {
  static const std::vector<std::string> bits{"x", "%0", "%1", "%2", "%9", "%%", "%a", "", "\0"s, "<", ">", "%"};
  std::string text;
  for (std::size_t length = random() % 5; length > 0; --length) text += pick(random, bits);
  return text;
}

constexpr std::string_view kReplacements = R"lua(
function r_captures(...) return "<" .. table.concat({(tostring((...)))}) .. select("#", ...) .. ">" end
function r_nothing() end
function r_false() return false end
function r_number() return 42.5 end
function r_true() return true end
function r_table() return {} end
function r_several() return "a", "b", "c" end
function r_raises() error("from the replacement") end
error_object = setmetatable({}, {__tostring = function() return "object" end})
function r_raises_object() error(error_object) end
function r_gsub(text) return (string.gsub(tostring(text), ".", "%0%0")) end
r_lookup = {a = "A", b = 1, c = false, ["1"] = {}, [2] = "two"}
r_index = setmetatable({}, {__index = function(_, key) return key ~= "" and "[" .. key .. "]" or nil end})
r_true_value = true
r_number_value = 12
)lua";

const std::vector<std::string> kReplacementNames{"r_captures",      "r_nothing",      "r_false",       "r_number",
                                                 "r_true",          "r_table",        "r_several",     "r_raises",
                                                 "r_raises_object", "r_gsub",         "r_lookup",      "r_index",
                                                 "r_true_value",    "r_number_value", "no_such_global"};

}  // namespace

TEST_CASE("every character class agrees on every byte") {
  Vm vm;
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  for (int c = 1; c < 256; ++c) {
    const std::string letter(1, static_cast<char>(c));
    if (letter == "b" || letter == "f") continue;  // they want more than a letter, tested below
    vm.compare("gsub", {all, "%" + letter, "<%0>"});
    vm.compare("gsub", {all, "[%" + letter + "]", "<%0>"});
    vm.compare("gsub", {all, "[^%" + letter + "]", "<%0>"});
  }
  for (const auto* set :
       {".",    "[a-z]",       "[^a-z]", "[%a-z]", "[a-]", "[-a]", "[]]",    "[^]]",   "[]-a]", "[^-a]", "[a-%z]",
        "[%z]", "[\x80-\xff]", "[z-a]",  "[%]]",   "[%%]", "[^^]", "[^%]x]", "[a%-z]", "[+--]", "[.-.]"}) {
    vm.compare("gsub", {all, set, "<%0>"});
  }
  CHECK(vm.raised == 10);  // %0 to %9 are captures
}

TEST_CASE("find, match and gmatch agree on generated patterns") {
  Vm vm;
  Random random(1);
  static const std::vector<std::string> inits{"1", "2", "0", "-1", "-3", "5", "100", "-100", "1.9", "-1.9", "x", ""};
  for (int i = 0; i < 12'000; ++i) {
    const std::string pattern = i % 3 == 0 ? any_soup(random) : any_pattern(random);
    std::vector<std::string> arguments{any_subject(random, 14), pattern};
    if (random() % 3 == 0) arguments.push_back(pick(random, inits));
    vm.compare("match", arguments);
    vm.compare("find", arguments);
    arguments.resize(2);
    vm.compare("gmatch", arguments);
  }
  CHECK(vm.returned > 10'000);
  CHECK(vm.raised > 2'000);
}

TEST_CASE("find agrees on plain searches") {
  Vm vm;
  vm.run("is_plain, is_not = true, false");
  Random random(2);
  for (int i = 0; i < 5'000; ++i) {
    const std::string subject = any_subject(random, 20);
    const std::string needle =
        random() % 2 == 0 ? any_subject(random, 3) : subject.substr(random() % (subject.size() + 1), random() % 4);
    const std::string init = std::to_string(static_cast<int>(random() % 50) - 25);
    vm.compare("find", {subject, needle, init}, "is_plain");
    vm.compare("find", {subject, needle, init}, "is_not");
    vm.compare("find", {subject, needle, init}, "no_such_global");
    vm.compare("find", {subject, needle});
  }
  CHECK(vm.returned > 10'000);
}

TEST_CASE("gsub agrees on generated patterns and replacements") {
  Vm vm;
  vm.run(kReplacements);
  Random random(3);
  for (int i = 0; i < 8'000; ++i) {
    const std::string pattern = i % 4 == 0 ? any_soup(random) : any_pattern(random);
    const std::string subject = any_subject(random, 14);
    vm.compare("gsub", {subject, pattern, any_template(random)});
    vm.compare("gsub", {subject, pattern, any_template(random), std::to_string(static_cast<int>(random() % 5) - 1)});
    vm.compare("gsub", {subject, pattern}, pick(random, kReplacementNames));
  }
  CHECK(vm.returned > 5'000);
  CHECK(vm.raised > 2'000);
}

TEST_CASE("gsub agrees on results longer than any buffer") {
  Vm vm;
  vm.run(kReplacements);
  std::string subject;
  for (int i = 0; i < 20'000; ++i) subject += "line " + std::to_string(i) + " of text\n";
  for (const auto* pattern : {"%d+", "(%d)(%d*)", ".", "\n", "", "^line", "nowhere", "[^\n]*", "%f[%a]%a+"}) {
    vm.compare("gsub", {subject, pattern, "<%0>"});
    vm.compare("gsub", {subject, pattern}, "r_captures");
    vm.compare("gsub", {subject, pattern}, "r_index");
  }
  vm.compare("gsub", {"x", "x", std::string(100'000, 'y')});
  vm.compare("gsub", {std::string(50, 'x'), "x", std::string(9'000, 'y')});
  CHECK(vm.raised == 0);
}

TEST_CASE("rep agrees") {
  Vm vm;
  for (const auto& text : {""s, "x"s, "ab"s, "\0y"s, std::string(5'000, 'z')}) {
    for (const auto* count : {"0", "1", "2", "3", "7", "100", "-1", "2.9", "0.5", "-0.5", "x", "", "0x10", "1e2"}) {
      vm.compare("rep", {text, count});
      for (const auto& separator : {""s, ","s, ", "s, "\0"s, std::string(300, 's')})
        vm.compare("rep", {text, count, separator});
    }
  }
  vm.compare("rep", {"abc", "1000000"});
  vm.compare("rep", {"abc", "500000", "de"});
  vm.compare("rep", {std::string(1'100'000, 'x'), "3", "yz"});
  vm.compare("rep", {"x", "2147483647"});  // longer than any string
  vm.compare("rep", {"xy", "1e9", "abc"});
  vm.compare("rep", {"", "2000000000"});
  CHECK(vm.returned > 250);
  CHECK(vm.raised > 10);
}

TEST_CASE("wrong arguments raise the same texts") {
  Vm vm;
  vm.run("t, n, f, yes = {}, 12, function() end, true");
  for (const auto* name : {"find", "match", "gmatch", "gsub", "rep"}) {
    vm.compare(name, {});
    for (const auto* wrong : {"t", "n", "f", "yes", "no_such_global"}) {
      vm.compare(name, {}, wrong);
      vm.compare(name, {"subject"}, wrong);
      vm.compare(name, {"subject", "s"}, wrong);
      vm.compare(name, {"subject", "s", "1"}, wrong);
    }
  }
  CHECK(vm.raised > 40);
}

TEST_CASE("methods of strings are ours, and a bad self reads as before") {
  Vm vm;
  CHECK(vm.evaluate("return (('abc'):gsub('b', 'x'))") == "axc");
  CHECK(vm.evaluate("return tostring(('').find == string.find and string.find ~= original.find)") == "true");
  CHECK(vm.evaluate("local r = ('x'):rep({}) return r") ==
        "error: chunk:1: bad argument #1 to 'rep' (number expected, got table)");
  CHECK(vm.evaluate("local r = ('x'):find('[a') return r") == "error: chunk:1: malformed pattern (missing ']')");
  CHECK(vm.evaluate("local r = ('x'):find('%') return r") == "error: chunk:1: malformed pattern (ends with '%')");
  CHECK(vm.evaluate("local r = ('x'):find('%f') return r") == "error: chunk:1: missing '[' after '%f' in pattern");
  CHECK(vm.evaluate("local r = ('x'):find('%b') return r") == "error: chunk:1: unbalanced pattern");
  CHECK(vm.evaluate("local r = ('x'):find('(x') return r") == "error: chunk:1: unfinished capture");
  CHECK(vm.evaluate("local r = ('x'):match('x)') return r") == "error: chunk:1: invalid pattern capture");
  CHECK(vm.evaluate("local r = ('x'):find('%1') return r") == "error: chunk:1: invalid capture index");
  CHECK(vm.evaluate("local r = ('x'):gsub('x', function() return {} end) return r") ==
        "error: chunk:1: invalid replacement value (a table)");
}

TEST_CASE("patterns that would take the stack or too many captures are refused as before") {
  Vm vm;
  for (const int count : {30, 31, 32, 33, 64, 100, 197, 198, 199, 200, 201, 202, 300, 5'000}) {
    const auto times = [count](const std::string& text) {
      std::string all;
      for (int i = 0; i < count; ++i) all += text;
      return all;
    };
    const std::string subject = times("a");
    for (const auto& pattern : {times("a?"), times("a-"), times("a*"), times("()"), times("(a)"), times("("),
                                times("a"), times("(") + times(")")}) {
      vm.compare("match", {subject, pattern});
      vm.compare("find", {subject, pattern});
    }
  }
  CHECK(vm.evaluate("local r = ('a'):rep(300):match(('a?'):rep(300)) return r") ==
        "error: chunk:1: pattern too complex");
  CHECK(vm.evaluate("local r = ('a'):match(('('):rep(33)) return r") == "error: chunk:1: too many captures");
}

TEST_CASE("numbers beyond 32 bits are the nearest that fit") {
  Vm vm;
  CHECK(vm.evaluate("return tostring(('abc'):find('c', 2^40))") == "nil");
  CHECK(vm.evaluate("return ('abc'):find('c', -2^40)") == "3");
  CHECK(vm.evaluate("return ('abc'):find('c', math.huge) or 'none'") == "none");
  CHECK(vm.evaluate("return ('abc'):find('c', -math.huge)") == "3");
  CHECK(vm.evaluate("return ('abc'):find('c', 0/0)") == "3");
  CHECK(vm.evaluate("return (('abc'):gsub('.', 'x', 2^40))") == "xxx");
  CHECK(vm.evaluate("return (('abc'):gsub('.', 'x', -2^40))") == "abc");
  CHECK(vm.evaluate("return ('abc'):rep(-math.huge)").empty());
  CHECK(vm.evaluate("return ('abc'):rep(math.huge)") == "error: not enough memory");
  CHECK(vm.evaluate("return ('abc'):rep(0/0)").empty());
}

TEST_CASE("an iterator of gmatch keeps its texts alive, and two run side by side") {
  Vm vm;
  CHECK(vm.evaluate(R"lua(
    local function iterator() return (("a1 b2 c3"):rep(2, " ")):gmatch("(%a)(%d)" .. "") end
    local one, two = iterator(), iterator()
    local seen = {}
    for letter, digit in one do
      collectgarbage()
      seen[#seen + 1] = letter .. digit .. two()
    end
    return table.concat(seen, " ")
  )lua") == "a1a b2b c3c a1a b2b c3c");
}

TEST_CASE("a needle is found across the chunks a long text is searched in") {
  Vm vm;
  const std::size_t chunk = std::size_t{1} << 20U;
  const std::string needle = "needle";
  for (const std::size_t place : {chunk - 6, chunk - 5, chunk - 1, chunk, chunk + 1, 2 * chunk - 3, 2 * chunk}) {
    std::string text(2 * chunk + 50, '.');
    text.replace(place, needle.size(), needle);
    vm.compare("find", {text, needle});
    vm.compare("find", {text, text.substr(place)});
  }
  vm.compare("find", {std::string(3 * chunk, '.'), needle});
  const std::string long_needle = "x" + std::string(chunk + 7, '.');
  vm.compare("find", {std::string(chunk, '.') + long_needle, long_needle});
  CHECK(vm.raised == 0);
}
