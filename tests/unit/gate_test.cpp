// The gate: capabilities, steps, observe-only, confirmation.
#include "host/fiber/scheduler.hpp"
#include "test_runtime.hpp"

using opshost::Awaitable;
using opshost::Call;
using opshost::Effect;
using opshost::Error;
using opshost::gate::Scope;
using opshost::gate::Step;
using opshost::test::TestRuntime;

namespace {

TestRuntime* scoped = nullptr;

Effect effect_from(const std::string& name) {
  if (name == "destroy") return Effect::destroy;
  return name == "change" ? Effect::change : Effect::observe;
}

/// The fiber is in a procedure with these capabilities from now on, outside of a step.
void procedure(std::map<std::string, std::string> uses) {
  auto scope = std::make_shared<Scope>();
  scope->uses.emplace();
  for (const auto& [module, effect] : uses) scope->uses->emplace(module, effect_from(effect));
  scoped->runtime.scheduler().current()->scope = std::move(scope);
}

void step(std::string path, bool repeatable) {
  auto& scope = scoped->runtime.scheduler().current()->scope;
  auto inner = std::make_shared<Scope>(*scope);
  inner->step =
      std::make_shared<Step>(Step{.path = std::move(path), .repeatable = repeatable, .unrepeatable_change = {}});
  scope = std::move(inner);
}

void declare_scopes(opshost::lua::Module& module) {
  module.observe("procedure", procedure, {{"uses", "module to effect"}}, "Begin a procedure");
  module.observe("step", step, {{"path", "its path"}, {"repeatable", "all of it"}}, "Begin a step");
}

class GateTest : public TestRuntime {
 public:
  GateTest() : TestRuntime({}, {{"scopes", "Where the gate is told what is allowed", declare_scopes}}) {
    scoped = this;
  }
  ~GateTest() { scoped = nullptr; }

  std::string run_in(const std::string& uses, const std::string& text) {
    return run("local scopes = require 'scopes' scopes.procedure{" + uses + "} " + text);
  }
};

constexpr const char* kEverything = "scopes = 'observe', bench = 'destroy'";

}  // namespace

TEST_CASE("a procedure does what it declares and nothing more") {
  GateTest test;
  CHECK(test.run_in("bench = 'observe'", "return bench.look('/a'), bench.glance('/a')") ==
        R"("contents of /a", "glance at /a")");
  CHECK(test.run_in("bench = 'observe'", "bench.put('/a', 'x')") ==
        "script.lua:1: bench.put: bench.put is a change, but the procedure declares bench = \"observe\" in `uses`; add "
        "bench "
        "= \"change\" there if it may do this [gate.undeclared]");
  CHECK(
      test.run_in("bench = 'change'", "bench.wipe('/a')") ==
      "script.lua:1: bench.wipe: bench.wipe is a destroy, but the procedure declares bench = \"change\" in `uses`; add "
      "bench = \"destroy\" there if it may do this [gate.undeclared]");
  CHECK(
      test.run_in("docker = 'change'", "bench.look('/a')") ==
      "script.lua:1: bench.look: bench.look is an observe, but the procedure declares no bench in `uses`; add bench = "
      "\"observe\" there if it may do this [gate.undeclared]");
  CHECK(test.run_in("", "bench.glance('/a')") ==
        "script.lua:1: bench.glance: bench.glance is an observe, but the procedure declares no bench in `uses`; add "
        "bench = "
        "\"observe\" there if it may do this [gate.undeclared]");
  CHECK(test.run_in("", "bench.open('a')").find("[gate.undeclared]") != std::string::npos);
  CHECK(test.log() == "look /a");
}

TEST_CASE("fibers inherit what their procedure may do") {
  GateTest test;
  CHECK(test.run_in("bench = 'observe'",
                    "local r = ops.each({1}, {on_error = 'collect'}, function() bench.put('/a', 'x') end)"
                    "return r.failed[1].error.code") == R"("gate.undeclared")");
  CHECK(test.log().empty());
}

TEST_CASE("a plan is held to the capabilities too, with unknowns as well") {
  GateTest test;
  const std::string begin = "local scopes = require 'scopes' local r = bench.put('/b', 'x') ";
  CHECK(test.plan(begin + "scopes.procedure{} bench.look(r.output)").find("[gate.undeclared]") != std::string::npos);
  CHECK(test.plan(begin + "scopes.procedure{} bench.glance(r.output)").find("[gate.undeclared]") != std::string::npos);
  CHECK(test.plan(begin + "scopes.procedure{} bench.wipe(r.output)").find("[gate.undeclared]") != std::string::npos);
}

TEST_CASE("in a procedure a change belongs into a step") {
  GateTest test;
  CHECK(test.run_in(kEverything, "bench.put('/a', 'x')") ==
        "script.lua:1: bench.put: bench.put(\"/a\", \"x\") changes something outside of a step; a resume would send it "
        "again. "
        "Put it into the `run` of a ctx:step [gate.outside_step]");
  CHECK(test.run_in(kEverything, "scopes.step('stop db', false) return bench.put('/a', 'x').output") == "\"x\"");
  CHECK(test.plan("local scopes = require 'scopes' scopes.procedure{" + std::string(kEverything) +
                  "} bench.put('/a', 'x')")
            .find("[gate.outside_step]") != std::string::npos);
  CHECK(test.log() == "put /a; put /a done");
}

TEST_CASE("what cannot be repeated is the last change of its step") {
  GateTest test;
  CHECK(test.run_in(kEverything,
                    "scopes.step('stop db', false) bench.put('/a', 'x') bench.wipe('/b') bench.put('/c', 'x')") ==
        "script.lua:1: bench.put: bench.put(\"/c\", \"x\") follows bench.wipe in the step \"stop db\", which is not "
        "repeatable and so must be the step's last change; give it a step of its own, or say repeatable = true where "
        "sending "
        "the first one again ends in the same state [gate.after_unrepeatable]");
  CHECK(test.log() == "put /a; put /a done; wipe /b");
  CHECK(test.run_in(kEverything, "scopes.step('all', true) bench.wipe('/b') bench.wipe('/c') return 'fine'") ==
        "\"fine\"");
}

TEST_CASE("a change that failed before it was sent is not its step's last; one that may have been is") {
  GateTest test;
  const auto after = [&](const std::string& first) {
    return test.run_in(kEverything, "scopes.step('s', false) pcall(bench.make, '" + first +
                                        "') local _, e = pcall(bench.put, '/b', 'x') return e.code or 'sent'");
  };
  CHECK(after("fail") == "\"sent\"");
  CHECK(after("exit") == R"("gate.after_unrepeatable")");
  CHECK(after("lost") == R"("gate.after_unrepeatable")");
  CHECK(after("table") == R"("gate.after_unrepeatable")");
}

TEST_CASE("observe-only refuses every change before it is written down") {
  GateTest test;
  test.runtime.gate().observe_only = true;
  CHECK(test.run("return bench.look('/a')") == R"("contents of /a")");
  CHECK(test.run("bench.put('/a', 'x')") ==
        "script.lua:1: bench.put: bench.put(\"/a\", \"x\") changes something, and this was started with --observe-only "
        "[gate.observe_only]");
  CHECK(
      test.run("bench.open('a'):erase()") ==
      "script.lua:1: Thing:erase: Thing:erase() on thing a changes something, and this was started with --observe-only "
      "[gate.observe_only]");
  CHECK(test.outcome("bench.put('/a', 'x')").exit_code == 5);
  CHECK(test.log() == "look /a");
}

TEST_CASE("what is refused does not count as the step's unrepeatable change") {
  GateTest test;
  bool answer = false;
  test.runtime.gate().confirm_destroy = [&](Call&, const std::string&) -> Awaitable<bool> { co_return answer; };
  CHECK(test.run_in(kEverything,
                    "scopes.step('s', false) pcall(bench.wipe, '/a') return bench.put('/b', 'x').output") == "\"x\"");
}

TEST_CASE("destroying is confirmed where a person is asked") {
  GateTest test;
  std::vector<std::string> asked;
  bool answer = false;
  test.runtime.gate().confirm_destroy = [&](Call&, std::string question) -> Awaitable<bool> {
    asked.push_back(std::move(question));
    co_return answer;
  };
  CHECK(test.run("bench.wipe('/a')") ==
        "script.lua:1: bench.wipe: bench.wipe(\"/a\") was not confirmed; nothing was sent [gate.not_confirmed]");
  CHECK(test.log().empty());
  CHECK(test.run("bench.put('/a', 'x')").empty());
  answer = true;
  CHECK(test.run("bench.open('a'):erase()").empty());
  CHECK(asked == std::vector<std::string>{"bench.wipe(\"/a\")", "Thing:erase() on thing a"});
  CHECK(test.log() == "put /a; put /a done; erase a");
  test.runtime.gate().confirm_destroy = [](Call&, const std::string&) -> Awaitable<bool> {
    throw Error("answer.needed", "nobody can be asked");
    co_return false;
  };
  CHECK(test.run("bench.wipe('/b')") == "script.lua:1: bench.wipe: nobody can be asked [answer.needed]");
}

TEST_CASE("while a person thinks, other fibers go on and no timeout counts") {
  GateTest test;
  test.runtime.gate().confirm_destroy = [&](Call& call, const std::string&) -> Awaitable<bool> {
    const auto answered = std::make_shared<opshost::asio::steady_timer>(call.executor(), opshost::TimePoint::max());
    const auto stopped = call.stop().on_stop([answered] { answered->cancel(); });
    test.bench.gates["answer"] = answered;
    boost::system::error_code ignored;
    co_await answered->async_wait(opshost::asio::redirect_error(opshost::asio::use_awaitable, ignored));
    if (call.stop().stopped()) throw Error("cancelled", "nobody answered in time");
    co_return true;
  };
  const auto while_asked = [&](const std::string& limit, const std::string& meanwhile) {
    test.bench.log.clear();
    return test.run(
        "local failure\n"
        "pcall(ops.group, function(group)\n"
        "  group:spawn(function()\n"
        "    local ok, e = pcall(ops.deadline, '" +
        limit +
        "', bench.wipe, '/a') failure = e and e.code\n"
        "  end)\n"
        "  group:spawn(function() " +
        meanwhile +
        " end)\n"
        "end)\n"
        "return failure");
  };
  CHECK(while_asked("20s", "while not bench.open_gate('answer') do ops.sleep('1ms') end bench.say('answered')") ==
        "nil");
  CHECK(test.log() == "answered; wipe /a");
  // A deadline that passed meanwhile: nothing is sent any more.
  CHECK(while_asked("10ms", "ops.sleep('30ms') while not bench.open_gate('answer') do ops.sleep('1ms') end") ==
        R"("deadline.exceeded")");
  CHECK(test.log().empty());
  // Nothing is in flight, so a sibling's error ends it like any wait.
  CHECK(while_asked("20s", "error('no luck')") == "nil");
  CHECK(test.log().empty());
}
