// What `runs` shows of a run it reads only the ends of: the same as all of its records say.
#include "host/journal/run_summary.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

using namespace opshost;
using namespace opshost::journal;

namespace {

class RunOnDisk {
 public:
  RunOnDisk() { std::filesystem::create_directory(folder.path); }
  ~RunOnDisk() { std::filesystem::remove_all(folder.path); }
  RunOnDisk(const RunOnDisk&) = delete;
  RunOnDisk& operator=(const RunOnDisk&) = delete;

  RunOnDisk& add(std::string kind, ValueMap fields) {
    ++number_;
    const auto time = "2026-03-01T05:02:1" + std::to_string(number_ % 10) + ".250Z";
    return text(encode({.number = number_, .time = time, .kind = std::move(kind), .fields = std::move(fields)}));
  }
  RunOnDisk& text(const std::string& text) {
    std::ofstream(folder.path + "/journal.jsonl", std::ios::app | std::ios::binary) << text;
    return *this;
  }
  RunOnDisk& begin() {
    return add("start", {{"procedure", "p"}, {"targets", ValueList{"db1"}}})
        .add("step", {{"path", "s"}})
        .add("attempt", {{"path", "s"}, {"number", 1}})
        .add("intent", {{"id", 1}, {"step", "s"}, {"function", "local.run"}});
  }
  RunOnDisk& owe() { return add("cleanup", {{"path", "open the valve"}, {"group", ""}, {"state", "registered"}}); }

  const RunFolder folder{"run", std::filesystem::absolute("summarized_run").string()};

 private:
  std::uint64_t number_ = 0;
};

/// Checks it against the history, too.
RunSummary summary_of(const RunOnDisk& run) {
  const auto summary = read_summary(run.folder);
  REQUIRE(summary);
  const auto history = read_run(run.folder).history;
  CHECK(summary->start.text("procedure") == "p");
  CHECK(summary->state == state_text(run.folder, history));
  CHECK(summary->unfinished == history.unfinished());
  CHECK(summary->owed.size() == history.owed().size());
  CHECK(summary->last_time == history.last_time());
  return *summary;
}

}  // namespace

TEST_CASE("a run that has ended") {
  CHECK_FALSE(summary_of(RunOnDisk().begin().add("result", {{"state", "done"}, {"unfinished", false}})).unfinished);
  CHECK_FALSE(summary_of(RunOnDisk().begin().add("result", {{"state", "done"}})).unfinished);
  CHECK(summary_of(RunOnDisk().begin().add("result", {{"state", "failed"}, {"unfinished", true}})).unfinished);
  CHECK(summary_of(RunOnDisk().begin().add("result", {{"state", "failed"}})).unfinished);
  CHECK_FALSE(
      summary_of(
          RunOnDisk().add("start", {{"procedure", "p"}}).add("result", {{"state", "refused"}, {"unfinished", false}}))
          .unfinished);
}

TEST_CASE("a run that is done and owes a clean-up") {
  const ValueList owed{"open the valve"};
  for (const auto& more : {ValueMap{}, ValueMap{{"unfinished", true}}}) {
    ValueMap fields{{"state", "done"}, {"owed", owed}};
    fields.insert(fields.end(), more.begin(), more.end());
    const auto summary = summary_of(RunOnDisk().begin().owe().add("result", fields));
    CHECK(summary.unfinished);
    CHECK(summary.owed == std::vector<std::string>{"open the valve"});
  }
}

TEST_CASE("a run without a result was killed, also where it was taken on after one, or its last record is torn") {
  CHECK(summary_of(RunOnDisk().begin()).state == "killed while running");
  const ValueMap failed{{"state", "failed"}, {"unfinished", true}};
  CHECK(summary_of(RunOnDisk().begin().add("result", failed).add("session", {{"mode", "resume"}})).state ==
        "killed while running");
  const std::string torn = R"({"n":5,"t":"2026-03-01T05:02:15.250Z","k":"result","state":"done")";
  CHECK(summary_of(RunOnDisk().begin().text(torn)).state == "killed while running");
}

TEST_CASE("a run that was given up") {
  const auto summary = summary_of(RunOnDisk().begin().owe().add("abandon", {{"reason", "no use"}}));
  CHECK(summary.state == "abandoned");
  CHECK(summary.owed.size() == 1);
  RunOnDisk damaged;
  damaged.begin().text("no record\n").add("result", {{"state", "failed"}, {"unfinished", true}});
  give_up(damaged.folder, ValueMap{{"reason", "no use"}});
  const auto given_up = read_summary(damaged.folder);
  REQUIRE(given_up);
  CHECK(given_up->state == "abandoned");
  CHECK_FALSE(given_up->unfinished);
}

TEST_CASE("a run that was given up while nobody could read it, and was restored") {
  RunOnDisk restored;
  restored.begin().owe();
  give_up(restored.folder, ValueMap{{"reason", "no use"}});
  CHECK(summary_of(restored).owed.size() == 1);
}

TEST_CASE("a run cut off before it began, and one nobody can read") {
  CHECK_FALSE(read_summary(RunOnDisk().text(R"({"n":1,"t")").folder));
  CHECK_THROWS_AS(read_summary(RunOnDisk().begin().text("no record\n").add("log", {{"text", "x"}}).folder), Error);
  const ValueMap failed{{"state", "failed"}, {"unfinished", true}};
  CHECK_THROWS_AS(read_summary(RunOnDisk().begin().text("no record\n").add("result", failed).folder), Error);
}
