// Plans: nothing is sent, what is not known is never guessed.
#include "host/base/json_text.hpp"
#include "test_runtime.hpp"

using opshost::json_text;
using opshost::test::TestRuntime;

namespace {

std::string plan_text(TestRuntime& test) { return test.runtime.gate().plan.text(); }

/// What the plan says of a script that needs something unknown: the reason alone.
std::string unknown_of(const std::string& text) {
  TestRuntime test;
  const auto error = test.plan(text);
  if (!error.empty()) return error;
  const auto& unknowns = test.runtime.gate().plan.unknowns();
  return unknowns.empty() ? "exact" : unknowns.front().because + " @" + unknowns.front().at;
}

}  // namespace

TEST_CASE("a change is listed and not sent; observes are made") {
  TestRuntime test;
  CHECK(test.plan("bench.look('/a')\n"
                  "bench.put('/b', 'text', {timeout = '5s'})\n"
                  "bench.wipe('/c')\n"
                  "bench.open('x'):stop{grace = '3s'}\n"
                  "bench.open('y'):erase()")
            .empty());
  CHECK(test.log() == "look /a");
  CHECK(plan_text(test) ==
        "1. bench.put(\"/b\", \"text\", {timeout = \"5s\"})  (script.lua:2)\n"
        "2. destroy bench.wipe(\"/c\")  (script.lua:3)\n"
        "3. Thing:stop({grace = \"3s\"}) on thing x  (script.lua:4)\n"
        "4. destroy Thing:erase() on thing y  (script.lua:5)\n"
        "4 changes; the plan is exact\n");
}

TEST_CASE("a plan without changes, and one with a single change") {
  TestRuntime test;
  CHECK(test.plan("").empty());
  CHECK(plan_text(test) == "no changes; the plan is exact\n");
  CHECK(test.plan("bench.put('/b', 'x')").empty());
  CHECK(plan_text(test) == "1. bench.put(\"/b\", \"x\")  (script.lua:1)\n1 change; the plan is exact\n");
}

TEST_CASE("the same as data") {
  TestRuntime test;
  CHECK(test.plan("local r = bench.put('/b', 'x', {repeatable = true})\n"
                  "bench.look('/b')\n"
                  "if r.changed then bench.wipe('/b') end")
            .empty());
  CHECK(
      json_text(test.runtime.gate().plan.document()) ==
      R"({"changes":[{"number":1,"function":"bench.put","effect":"change","subject":"the bench > /b",)"
      R"("arguments":["/b","x",{"repeatable":true}],"at":"script.lua:1"}],)"
      R"("stale_reads":[{"before_change":1,"function":"bench.look","arguments":["/b"],"at":"script.lua:2"}],)"
      R"("unknowns":[{"because":"changed of change 1 is not known before the run","at":"script.lua:3"}],"exact":false})");
  CHECK(plan_text(test) ==
        "1. bench.put(\"/b\", \"x\", {repeatable = true})  (script.lua:1)\n"
        "as read before change 1: bench.look(\"/b\")  (script.lua:2)\n"
        "unknown from here, because changed of change 1 is not known before the run  (script.lua:3)\n"
        "1 change; the plan is not exact: 1 unknown, 1 read a change may alter\n");
}

TEST_CASE("an unknown prints as what it is of") {
  TestRuntime test;
  CHECK(test.plan("local r = bench.put('/b', 'x')\n"
                  "bench.say(tostring(r) .. ', ' .. tostring(r.output))\n"
                  "bench.say('count: ' .. r.count .. ' and ' .. r.owner.name .. '!')\n"
                  "bench.say(('%s'):format(r.list))\n"
                  "bench.say(tostring(r.thing) .. ' ' .. tostring(r.color))")
            .empty());
  CHECK(test.log() ==
        "<result of change 1>, <output of change 1>; count: <count of change 1> and <name of owner of change 1>!; "
        "<list of change 1>; <thing of change 1> <color of change 1>");
}

TEST_CASE("an unknown that decides something ends the plan") {
  const std::string result = "local r = bench.put('/b', 'x')\n";
  const auto of = [&](const std::string& field) {
    return field + " of change 1 is not known before the run @script.lua:2";
  };
  const std::string whole = "result of change 1 is not known before the run @script.lua:2";
  CHECK(unknown_of(result + "if r == 'x' then end") == whole);
  CHECK(unknown_of(result + "if r == nil then end") == whole);
  CHECK(unknown_of(result + "if nil ~= r then end") == whole);
  CHECK(unknown_of(result + "if r.output == 'x' then end") == of("output"));
  CHECK(unknown_of(result + "if r.output ~= nil then end") == of("output"));
  CHECK(unknown_of(result + "if r.count > 3 then end") == of("count"));
  CHECK(unknown_of(result + "if 3 <= r.count then end") == of("count"));
  CHECK(unknown_of(result + "return r.count + 1") == of("count"));
  CHECK(unknown_of(result + "return -r.count") == of("count"));
  CHECK(unknown_of(result + "return #r.output") == of("output"));
  CHECK(unknown_of(result + "return #r.list") == of("list"));
  CHECK(unknown_of(result + "return r.list[1]") == of("list"));
  CHECK(unknown_of(result + "for _, x in ipairs(r.list) do end") == of("list"));
  CHECK(unknown_of(result + "for _, x in pairs(r.list) do end") == of("list"));
  CHECK(unknown_of(result + "for k in pairs(r) do end") == whole);
  CHECK(unknown_of(result + "for k in r.list do end") == of("list"));
  CHECK(unknown_of(result + "if r.changed then end") == of("changed"));
  CHECK(unknown_of(result + "if r.note then end") == of("note"));
  CHECK(unknown_of(result + "if r.color == 'red' then end") == of("color"));
  CHECK(unknown_of(result + "return r.output:match('x')") == of("output"));
  CHECK(unknown_of(result + "r.output = 'x'") == whole);
  CHECK(unknown_of(result + "local _ = tonumber(r.output)") == of("output"));
  CHECK(unknown_of(result + "return r.owner.age < 3") ==
        "age of owner of change 1 is not known before the run @script.lua:2");
}

TEST_CASE("no function of Lua takes an unknown for some value") {
  const std::string result = "local r = bench.put('/b', 'x')\nlocal o, n, l = r.output, r.count, r.list\n";
  const auto of = [](const std::string& field) {
    return field + " of change 1 is not known before the run @script.lua:3";
  };
  for (const char* use : {"('%d'):format(n)", "math.floor(n)",     "math.max(1, n)",           "bit.band(n, 1)",
                          "('x'):rep(n)",     "('abc'):sub(1, n)", "select(n, 1, 2)",          "rawget({}, n)",
                          "rawset({}, n, 1)", "tonumber(n)",       "table.insert({}, n, 'x')", "table.remove({}, n)",
                          "os.date('%F', n)", "os.time{year = n}", "unpack({}, 1, n)",         "rawequal(n, 1)",
                          "string.char(n)",   "next({}, n)",       "setmetatable(n, {})",      "table.sort({n, n})"}) {
    CAPTURE(use);
    CHECK(unknown_of(result + "local _ = " + use) == of("count"));
  }
  for (const char* use :
       {"string.sub(o, 1)", "o:upper()", "string.len(o)", "string.byte(o)", "('x'):find(o)", "('x'):gsub(o, '')",
        "('x'):gsub('x', o)", "('x'):gsub('x', {x = o})", "('x'):gsub('x', function() return o end)",
        "string.format(o)", "table.concat({'a'}, o)", "load(o)", "os.getenv(o)", "tonumber(o)", "('x'):match(o)"}) {
    CAPTURE(use);
    CHECK(unknown_of(result + "local _ = " + use) == of("output"));
  }
  for (const char* use : {"unpack(l)", "table.concat(l)", "next(l)", "table.sort(l)", "rawget(l, 1)",
                          "table.insert(l, 1)", "select('#', unpack(l))"}) {
    CAPTURE(use);
    CHECK(unknown_of(result + "local _ = " + use) == of("list"));
  }
}

TEST_CASE("what does not need the value of an unknown goes on") {
  TestRuntime test;
  CHECK(
      test.plan(
              "local r = bench.put('/b', 'x')\n"
              "local o, n = r.output, r.count\n"
              "bench.say(table.concat({type(o), type(n), type(r), type(r.list), type(r.color), type(r.thing)}, ' '))\n"
              "bench.say(('%s has %5s of %q'):format('it', n, 'x'))\n"
              "bench.say(table.concat({'a', o, 3}, ', '))\n"
              "local kept = {} table.insert(kept, o) kept[#kept + 1] = n rawset(kept, 'k', o)\n"
              "bench.say(#kept .. ' ' .. select('#', o, n) .. ' ' .. tostring(kept[1]))\n"
              "bench.say(type(ops.int64('9007199254740993')) .. type(nil) .. math.max(1, 2) .. ('x'):rep(2))")
          .empty());
  CHECK(test.log() ==
        "string number table table string userdata; it has <count of change 1> of \"x\"; a, <output of change 1>, 3; "
        "2 2 <output of change 1>; cdatanil2xx");
  CHECK(plan_text(test) == "1. bench.put(\"/b\", \"x\")  (script.lua:1)\n1 change; the plan is exact\n");
}

TEST_CASE("no function of opshost's own takes an unknown for some value, and no pcall catches that") {
  const std::string result = "local r = bench.put('/b', 'x')\nlocal n = r.count\n";
  const std::string count = "count of change 1 is not known before the run @script.lua:3";
  CHECK(unknown_of(result + "ops.sleep(n)") == count);
  CHECK(unknown_of(result + "pcall(ops.sleep, n) bench.wipe('/x')") == count);
  CHECK(unknown_of(result + "ops.try(ops.sleep, {n}) bench.wipe('/x')") == count);
  CHECK(unknown_of(result + "ops.each({1}, {parallel = n}, print)") == count);
  CHECK(unknown_of(result + "ops.each(r.list, {}, print)") ==
        "list of change 1 is not known before the run @script.lua:3");
}

TEST_CASE("mistakes with Lua's functions are told in a plan as in a run") {
  TestRuntime test;
  for (const char* mistake :
       {"string.rep()", "('x'):rep({})", "table.concat({{}})", "math.floor('x')", "type()", "table.insert(1, 2)",
        "select(0)", "('%d'):format('x')", "setmetatable(1, {})", "('x'):gsub('x', true)", "ipairs()",
        "os.time{year = 1}", "table.concat({nil, 1}, ',', 1, 2)"}) {
    CAPTURE(mistake);
    const std::string text = "local _ = " + std::string(mistake);
    CHECK(test.plan(text) == test.run(text));
  }
}

TEST_CASE("a mistake in the use of an unknown is the script's mistake") {
  TestRuntime test;
  CHECK(test.plan("local r = bench.put('/b', 'x')\nreturn r.outputt") ==
        "script.lua:2: Report has no field \"outputt\"; did you mean \"output\"? [usage.unknown_name]");
  CHECK(test.plan("local r = bench.put('/b', 'x')\nr.thing:stopp()") ==
        "script.lua:2: Thing has no method \"stopp\"; did you mean \"stop\"? [usage.unknown_method]");
}

TEST_CASE("no pcall catches plan.unknown") {
  CHECK(unknown_of(
            "local r = bench.put('/b', 'x')\nlocal ok = pcall(function() return r.count > 1 end)\nbench.wipe('/x')") ==
        "count of change 1 is not known before the run @script.lua:2");
  CHECK(unknown_of("local r = bench.put('/b', 'x')\n"
                   "xpcall(function() return r.changed end, function() return 'swallowed' end)\n"
                   "bench.wipe('/x')") == "changed of change 1 is not known before the run @script.lua:2");
  CHECK(unknown_of("local r = bench.put('/b', 'x')\nops.try(function() return r.changed end, {'plan.unknown'})") ==
        "changed of change 1 is not known before the run @script.lua:2");
  CHECK(unknown_of("local r = bench.put('/b', 'x')\n"
                   "local co = coroutine.create(function() return r.changed end)\n"
                   "coroutine.resume(co)") == "changed of change 1 is not known before the run @script.lua:2");
}

TEST_CASE("a change that answers yes, no or nothing is unknown at once") {
  TestRuntime test;
  CHECK(test.plan("bench.swap('/b')\nbench.wipe('/c')").empty());
  CHECK(plan_text(test) ==
        "1. bench.swap(\"/b\")  (script.lua:1)\n"
        "unknown from here, because result of change 1 is not known before the run  (script.lua:1)\n"
        "1 change; the plan is not exact: 1 unknown, 0 reads a change may alter\n");
}

TEST_CASE("an unknown is handed on: to changes, to reads, and its methods are planned") {
  TestRuntime test;
  CHECK(test.plan("local r = bench.put('/b', 'x')\n"
                  "bench.put('/c', r.output)\n"
                  "local t = bench.make(r.output)\n"
                  "t:stop{grace = '1s'}\n"
                  "bench.say(tostring(bench.look(r.output)))\n"
                  "bench.say(tostring(bench.glance(r.output)))\n"
                  "bench.say(tostring(t:name()))")
            .empty());
  CHECK(plan_text(test) ==
        "1. bench.put(\"/b\", \"x\")  (script.lua:1)\n"
        "2. bench.put(\"/c\", <output of change 1>)  (script.lua:2)\n"
        "3. bench.make(<output of change 1>)  (script.lua:3)\n"
        "4. Thing:stop({grace = \"1s\"}) on <result of change 3>  (script.lua:4)\n"
        "4 changes; the plan is exact\n");
  CHECK(test.log() ==
        "<answer of bench.look(<output of change 1>)>; <answer of bench.glance(<output of change 1>)>; "
        "<answer of Thing:name() on <result of change 3>>");
}

TEST_CASE("a wrong argument beside an unknown one is still an error") {
  TestRuntime test;
  CHECK(test.plan("local r = bench.put('/b', 'x')\nbench.put(5, r.output)") ==
        "script.lua:2: bench.put: argument 1 \"path\": expected string, got number 5 [usage.argument]");
  CHECK(test.plan("local r = bench.put('/b', 'x')\nbench.put(r.output, 5)") ==
        "script.lua:2: bench.put: argument 2 \"text\": expected string, got number 5 [usage.argument]");
}

TEST_CASE("a read of what a planned change touches is marked, and unknown where it fails") {
  TestRuntime test;
  CHECK(test.plan("bench.put('/missing', 'x')\n"
                  "bench.say(tostring(bench.look('/missing')))\n"
                  "bench.glance('/missing')\n"
                  "bench.look('/other')")
            .empty());
  CHECK(test.log() == "look /missing; <answer of bench.look after change 1>; look /other");
  CHECK(plan_text(test) ==
        "1. bench.put(\"/missing\", \"x\")  (script.lua:1)\n"
        "as read before change 1: bench.look(\"/missing\")  (script.lua:2)\n"
        "as read before change 1: bench.glance(\"/missing\")  (script.lua:3)\n"
        "1 change; the plan is not exact: 0 unknowns, 2 reads a change may alter\n");
  // A yes or no nobody knows yet must not be taken for a yes.
  CHECK(unknown_of("bench.put('/missing', 'x')\nif bench.is_there('/missing') then bench.wipe('/x') end") ==
        "answer of bench.is_there after change 1 is not known before the run @script.lua:2");
}

TEST_CASE("a read that fails and that no change touches fails the plan") {
  TestRuntime test;
  CHECK(test.plan("bench.put('/b', 'x')\nbench.look('/missing')") ==
        "script.lua:2: bench.look: nothing is at /missing [bench.not_found]");
}

TEST_CASE("items of a fan-out end on their own") {
  TestRuntime test;
  CHECK(test.plan("ops.each({'a', 'b', 'c'}, {}, function(item)\n"
                  "  local r = bench.put('/' .. item, item)\n"
                  "  if item == 'b' and r.changed then bench.wipe('/never') end\n"
                  "  bench.put('/' .. item .. '/2', 'x')\n"
                  "end)\n"
                  "bench.wipe('/after')")
            .empty());
  CHECK(plan_text(test) ==
        "1. bench.put(\"/a\", \"a\")  (script.lua:2)\n"
        "2. bench.put(\"/a/2\", \"x\")  (script.lua:4)\n"
        "3. bench.put(\"/b\", \"b\")  (script.lua:2)\n"
        "4. bench.put(\"/c\", \"c\")  (script.lua:2)\n"
        "5. bench.put(\"/c/2\", \"x\")  (script.lua:4)\n"
        "6. destroy bench.wipe(\"/after\")  (script.lua:6)\n"
        "unknown from here, because changed of change 3 is not known before the run (item b)  (script.lua:3)\n"
        "6 changes; the plan is not exact: 1 unknown, 0 reads a change may alter\n");
}

TEST_CASE("subjects nest: a change of the outer one touches what is in it") {
  using opshost::gate::Plan;
  opshost::FunctionInfo function;
  function.module = "m";
  function.name = "f";
  Plan plan;
  plan.add_change(function, "host a > engine", {}, {});
  CHECK(plan.add_read(function, "host a > engine", {}, {}) == 1);
  CHECK(plan.add_read(function, "host a > engine > container x", {}, {}) == 1);
  CHECK(plan.add_read(function, "host a", {}, {}) == 1);
  CHECK(plan.add_read(function, "host b", {}, {}) == 0);
  CHECK(plan.add_read(function, "host a > engine2", {}, {}) == 0);
  CHECK(plan.add_read(function, "host", {}, {}) == 0);
  CHECK(plan.add_read(function, "", {}, {}) == 0);
}

TEST_CASE("what a change is made on is shown with what it is in, not with all around that") {
  using opshost::gate::call_text;
  CHECK(call_text("Container:stop", {}, "host h1 > engine tcp://h1:2376 > container web-1") ==
        "Container:stop() on container web-1 of engine tcp://h1:2376");
  CHECK(call_text("Engine:create", {}, "host h1 > engine tcp://h1:2376") == "Engine:create() on engine tcp://h1:2376");
  CHECK(call_text("Host:run", {}, "host h1") == "Host:run() on host h1");
  CHECK(call_text("local.run", {}, "this machine") == "local.run()");
}
