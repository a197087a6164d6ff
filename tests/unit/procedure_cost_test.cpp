// What procedures cost the disk: many steps share their syncs.
#include <doctest/doctest.h>

#include "host/cli/procedure_run.hpp"
#include "host/journal/run_journal.hpp"
#include "host/lua/ops_module.hpp"

using namespace opshost;

namespace {

Awaitable<void> touch(Call&, std::string) { co_return; }

void declare(lua::Module& module) {
  module.change("touch", touch, {{"what", "what"}}, "Answer at once", lua::Repeatable{});
}

class ProcedureRun {
 public:
  ProcedureRun() : runtime_({}, {{"quick", "Answers at once", declare}, {"ops", "", lua::declare_ops}}) {}

  /// The exit code of a procedure whose `run` is that text.
  int run(const std::string& body) {
    cli::ProcedureSlot slot;
    const auto loaded = runtime_.run_text(
        "local quick = require 'quick'\n"
        "return require('ops.procedure').define { summary = 'x', api = 1, uses = { quick = 'change' }, run = "
        "function(ctx)\n" +
            body + "\nend }",
        "=procedure.lua", {}, slot.keeper());
    REQUIRE(loaded.returned);
    REQUIRE(slot.is_procedure());
    return cli::run_procedure(runtime_, slot, {{"mode", "run"}, {"name", "p"}, {"arguments", ValueList()}}, {}, {});
  }
  [[nodiscard]] journal::RunJournal& journal() { return *runtime_.vm().context().run; }

 private:
  Runtime runtime_;
};

}  // namespace

TEST_CASE("200 parallel steps of one change that answers at once take at most 10 syncs") {
  ProcedureRun procedure;
  CHECK(procedure.run("local list = {} for i = 1, 200 do list[i] = 'item ' .. i end\n"
                      "ctx:each(list, { parallel = 200 }, function(item)\n"
                      "  ctx:step('touch', { run = function() quick.touch(item) end })\n"
                      "end)") == 0);
  CHECK(procedure.journal().history().steps().size() == 200);
  CHECK(procedure.journal().history().changes().size() == 200);
  MESSAGE("syncs: " << procedure.journal().syncs());
  CHECK(procedure.journal().syncs() <= 10);
}

TEST_CASE("a step of one change is four durable records, one after the other") {
  ProcedureRun procedure;
  CHECK(procedure.run("ctx:step('touch', { run = function() quick.touch('x') end })") == 0);
  // start; intent, outcome, acted, end; result
  CHECK(procedure.journal().syncs() == 6);
}
