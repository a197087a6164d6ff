// A change and its journal: written down before it is sent, and again before its fiber goes on.
#include "recording_journal.hpp"
#include "test_runtime.hpp"

using opshost::test::RecordingJournal;
using opshost::test::TestRuntime;
using namespace std::chrono_literals;

namespace {

class JournalTest : public TestRuntime {
 public:
  JournalTest() {
    journal = std::make_shared<RecordingJournal>(bench, runtime.scheduler().io().get_executor());
    runtime.gate().journal = journal;
  }
  std::shared_ptr<RecordingJournal> journal;
};

}  // namespace

TEST_CASE("intent, the change, its notes, its outcome, and only then the script") {
  JournalTest test;
  CHECK(test.run("local r = bench.put('/a', 'x') bench.say('went on') return r.count") == "1");
  CHECK(test.log() ==
        "intent of bench.put in []; put /a; note 1 inode = 71; put /a done; outcome 1 {changed = true, color = "
        "\"red\", count "
        "= 1, list = {\"a\"}, output = \"x\", owner = {age = 0, name = \"me\"}, thing = <thing made>}; went on");
  const auto& intent = test.journal->last_intent;
  CHECK(intent.subject == "the bench > /a");
  CHECK(intent.at == "script.lua:1");
  CHECK(intent.repeatable);
  CHECK(describe(intent.arguments) == R"({"/a", "x"})");
}

TEST_CASE("an intent says whether this very call may be repeated, and hides what must not be written") {
  JournalTest test;
  CHECK(test.run("bench.open('t'):erase()").empty());
  CHECK_FALSE(test.journal->last_intent.repeatable);
  CHECK(test.journal->last_intent.subject == "thing t");
  CHECK(test.run("bench.put('/a', 'x', {on_line = function() end})").empty());
  CHECK(describe(test.journal->last_intent.arguments) == R"({"/a", "x", {on_line = <function>}})");
}

TEST_CASE("observes are not written down, nor what is only planned") {
  JournalTest test;
  CHECK(test.run("bench.look('/a') bench.open('x'):name()").empty());
  CHECK(test.plan("bench.put('/a', 'x')").empty());
  CHECK(test.log() == "look /a");
}

TEST_CASE("a change whose intent cannot be written is not sent") {
  JournalTest test;
  test.journal->refuse_intent = "journal.full";
  CHECK(test.run("bench.put('/a', 'x')") == "script.lua:1: bench.put: the disk is full; make room [journal.full]");
  CHECK(test.log() == "intent of bench.put in []");
  test.journal->break_intent = true;
  CHECK(test.run("bench.put('/a', 'x')") ==
        "script.lua:1: bench.put: unexpected: ink spilt; this is a defect of opshost, please report it "
        "[internal.exception]");
  CHECK(test.log() == "intent of bench.put in []; intent of bench.put in []");
}

TEST_CASE("a change whose outcome cannot be written was applied, and its error says so") {
  JournalTest test;
  test.journal->refuse_outcome = "journal.full";
  CHECK(test.run("bench.put('/a', 'x')") ==
        "script.lua:1: bench.put: the disk is full; make room; it may have been applied [journal.full]");
  CHECK(test.run("local ok, e = pcall(bench.put, '/a', 'fail') return e.code, e.maybe_applied, e.cause.code") ==
        R"("journal.full", false, "bench.broken")");
  test.journal->break_outcome = true;
  CHECK(
      test.run("bench.put('/a', 'x')") ==
      "script.lua:1: bench.put: unexpected: ink spilt; this is a defect of opshost, please report it; it may have been "
      "applied [internal.exception]");
}

TEST_CASE("a change that fails has its error as outcome") {
  JournalTest test;
  CHECK(test.run("bench.put('/a', 'fail')") == "script.lua:1: bench.put: the bench is broken; mend it [bench.broken]");
  CHECK(test.log() == "intent of bench.put in []; put /a; note 1 inode = 71; outcome 1 bench.broken (not applied)");
}

TEST_CASE("a change that ends with an exception nobody foresaw may have been applied") {
  JournalTest test;
  CHECK(
      test.run("bench.put('/a', 'throw')") ==
      "script.lua:1: bench.put: unexpected: termites; this is a defect of opshost, please report it; it may have been "
      "applied [internal.exception]");
  CHECK(test.log() ==
        "intent of bench.put in []; put /a; note 1 inode = 71; outcome 1 internal.exception (maybe applied)");
}

TEST_CASE("a change that is stopped under way may have been applied") {
  JournalTest test;
  const std::string sent = "intent of bench.put in []; put /a; note 1 inode = 71; ";
  // Time in which it surely leaves: one that has not is told as not applied.
  CHECK(test.run("bench.put('/a', 'wait', {timeout = '500ms'})") ==
        "script.lua:1: bench.put: no answer within 500ms; it may have been applied [bench.timeout]");
  CHECK(test.log() == sent + "outcome 1 bench.timeout (maybe applied)");
  test.bench.log.clear();
  CHECK(test.run("ops.deadline('500ms', function() bench.put('/a', 'wait') end)") ==
        "script.lua:1: the deadline of 500ms was reached while waiting for bench.put(\"/a\", \"wait\"); last seen: the "
        "connection went; it may have been applied [deadline.exceeded]");
  CHECK(test.log() == "intent of bench.put in []; put /a; note 2 inode = 71; outcome 2 bench.cut_off (maybe applied)");
}

TEST_CASE("a change whose time ran out before its intent was durable is not sent") {
  JournalTest test;
  test.journal->hold_intent = true;
  CHECK(test.run("local r\n"
                 "ops.group(function(group)\n"
                 "  group:spawn(function() local _, e = pcall(bench.put, '/a', 'x', {timeout = '300ms'}) r = e end)\n"
                 "  group:spawn(function() ops.sleep('400ms') bench.open_gate('intent') end)\n"
                 "end)\n"
                 "return r.code, r.maybe_applied, r.cause.message") ==
        R"("bench.timeout", false, "stopped before anything was sent")");
  CHECK(test.log() == "intent of bench.put in []; intent is durable; outcome 1 bench.timeout (not applied)");
}

TEST_CASE("a change abandoned while its intent was being written is not sent later") {
  JournalTest test;
  test.runtime.vm().context().unwind_within = 10ms;
  test.journal->hold_intent = true;
  CHECK(
      test.run("local ok, e = pcall(bench.put, '/a', 'x', {timeout = '300ms'})\n"
               "bench.open_gate('intent') ops.sleep('20ms') return e.code, e.maybe_applied, e.message") ==
      "\"bench.timeout\", false, \"gave no answer and did not stop within 10ms of being told to; it was left behind\"");
  CHECK(test.log() == "intent of bench.put in []; intent is durable; outcome 1 bench.timeout (not applied)");
}

TEST_CASE("a sibling's error lets a change in flight answer; it stops observes at once") {
  JournalTest test;
  CHECK(test.run("local done, failure\n"
                 "local cut_off = {close = function() bench.say('observe stopped') bench.open_gate('/a') end}\n"
                 "local ok, e = pcall(ops.each, {'change', 'observe', 'bad'}, {}, function(item)\n"
                 "  if item == 'change' then bench.put('/a', 'wait') bench.say('change answered') end\n"
                 "  if item == 'observe' then ops.with(cut_off, function() bench.wait('w') end) end\n"
                 "  if item == 'bad' then ops.sleep('5ms') error('no luck', 0) end\n"
                 "end)\n"
                 "return e.message, e.detail.items[1].ok, e.detail.items[2].skipped") ==
        R"("1 item of 3 failed, 1 not begun or stopped:\n  bad: no luck", true, true)");
  CHECK(test.log().find("observe stopped; put /a done; outcome 1 {") != std::string::npos);
  CHECK(test.log().find("change answered") != std::string::npos);
}
