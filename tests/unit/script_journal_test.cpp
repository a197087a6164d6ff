// A plain script's journal: from its first change on, and nothing of it stays in memory.
#include "host/journal/script_journal.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>

#include "tests/unit/fake_call.hpp"

using namespace opshost;
using opshost::journal::FileHash;
using opshost::journal::Intent;
using opshost::journal::list_runs;
using opshost::journal::ScriptJournal;

namespace {

class StateFolder {
 public:
  StateFolder() { ::setenv("OPSHOST_STATE", std::filesystem::absolute("script_journal_state").c_str(), 1); }
  ~StateFolder() {
    ::unsetenv("OPSHOST_STATE");
    std::filesystem::remove_all("script_journal_state");
  }
  StateFolder(const StateFolder&) = delete;
  StateFolder& operator=(const StateFolder&) = delete;
};

Awaitable<void> change(ScriptJournal& journal, int number) {
  Intent intent;
  intent.function = "local.write_file";
  intent.arguments = {std::to_string(number), "text"};
  const auto id = co_await journal.intent(std::move(intent));
  journal.note(id, "inode", number);
  journal::Outcome outcome;
  outcome.result = number;
  co_await journal.outcome(id, std::move(outcome));
}

}  // namespace

TEST_CASE("a script that changes nothing leaves no run; a change is in the file, and no longer in memory") {
  const StateFolder folder;
  test::Loop loop;
  ScriptJournal journal(loop.context, "script.lua", {"--flag"}, [] { return std::vector<FileHash>(); });
  CHECK(journal.run() == nullptr);
  CHECK(list_runs().empty());
  for (int number = 1; number <= 3; ++number) loop.run(change(journal, number));
  REQUIRE(journal.run() != nullptr);
  CHECK(journal.run()->history().changes().empty());

  const auto written = read_run(journal.run()->folder()).history;
  REQUIRE(written.changes().size() == 3);
  const auto& last = written.changes().rbegin()->second;
  CHECK(last.function == "local.write_file");
  CHECK(last.state() == "sent");
  CHECK(*last.note("inode") == Value(3));
}
