// Records as lines, and what a run's records add up to.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "host/base/json_text.hpp"
#include "host/base/secret.hpp"
#include "host/journal/doubt.hpp"
#include "host/journal/history.hpp"

using namespace opshost;
using namespace opshost::journal;

namespace {

journal::Record record(std::uint64_t number, std::string kind, ValueMap fields) {
  return {.number = number, .time = "2026-03-01T05:02:11.250Z", .kind = std::move(kind), .fields = std::move(fields)};
}

/// A history one can write to by kind and fields.
class Run {
 public:
  Run& add(std::string kind, ValueMap fields) {
    // Through its line, as a resume reads it.
    const auto read = decode(encode(record(++number_, std::move(kind), std::move(fields))));
    REQUIRE(read);
    history.apply(*read);
    return *this;
  }
  Run& begin(const std::string& path) {
    return add("step", {{"path", path}}).add("attempt", {{"path", path}, {"number", 1}});
  }
  Run& intent(std::int64_t id, const std::string& path, bool repeatable) {
    return add("intent", {{"id", id}, {"step", path}, {"function", "local.run"}, {"repeatable", repeatable}});
  }
  Run& end(const std::string& path, const std::string& state) { return add("end", {{"path", path}, {"state", state}}); }
  Verdict verdict(const std::string& path) { return verdict_of(history, *history.step(path)); }

  History history;

 private:
  std::uint64_t number_ = 0;
};

Value failure(const char* code, bool maybe_applied) {
  return ValueMap{{"code", code}, {"message", "no"}, {"maybe_applied", maybe_applied}};
}

}  // namespace

TEST_CASE("a record reads back as it was written") {
  const ValueMap fields{{"path", "a/b \"c\"\n"}, {"value", ValueList{1, true, Value(), 1.5}}, {"empty", ValueMap()}};
  const auto line = encode(record(7, "fact", fields));
  CHECK(line.ends_with("\"}\n"));
  const auto read = decode(line);
  REQUIRE(read);
  CHECK(read->number == 7);
  CHECK(read->kind == "fact");
  CHECK(read->time == "2026-03-01T05:02:11.250Z");
  CHECK(Value(read->fields) == Value(fields));
}

TEST_CASE("a line that is cut or altered anywhere is no record") {
  const auto line = encode(record(3, "acted", {{"path", "stop web"}, {"value", "x"}}));
  const std::string_view whole(line.data(), line.size() - 1);
  for (std::size_t length = 0; length < whole.size(); ++length) CHECK_FALSE(decode(whole.substr(0, length)));
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::string altered(whole);
    altered[i] = altered[i] == 'x' ? 'y' : 'x';
    CHECK_FALSE(decode(altered));
  }
  CHECK(decode(whole));
}

TEST_CASE("values JSON has no words for come back as they were") {
  const Value value = ValueMap{{"bytes", std::string("\xff\0a", 3)},
                               {"big", 1152921504606846976.0},
                               {"integer", std::int64_t{1152921504606846976}},
                               {"infinite", -HUGE_VAL},
                               {"half", 0.5},
                               {"mark", ValueMap{{"$hex", "00"}}},
                               {"list", ValueList{ValueMap{{"$map", 1}}}}};
  const auto read = decode(encode(record(1, "fact", {{"value", to_journal_form(value)}})));
  REQUIRE(read);
  const auto back = from_journal_form(*read->field("value"));
  CHECK(describe(back) == describe(value));
  CHECK((back == value));
  const auto nan = from_journal_form(to_journal_form(std::nan("")));
  REQUIRE(nan.get_if<double>() != nullptr);
  CHECK(std::isnan(*nan.get_if<double>()));
}

TEST_CASE("the bound of a text's size holds, whatever is in it") {
  const ValueList values{Value(),
                         true,
                         std::numeric_limits<std::int64_t>::min(),
                         std::numeric_limits<std::uint64_t>::max(),
                         -std::numeric_limits<double>::denorm_min(),
                         -1.7976931348623157e308,
                         std::string(100, '\1'),
                         std::string(100, '\xff'),
                         std::string(),
                         Opaque{"<handle>"},
                         ValueList{},
                         ValueMap{},
                         ValueMap{{std::string(9, '"'), ValueList{1, 2, ValueMap{{"", Value()}}}}}};
  for (const auto& value : values) CHECK(json_size_bound(value) >= json_text(value).size());
  CHECK(json_size_bound(values) >= json_text(values).size());
}

TEST_CASE("no secret is written, as value or as name") {
  const Secret secret("tops3cret/=", "env PASSWORD");
  const auto form = to_journal_form(ValueMap{{"tops3cret/=", ValueList{"a tops3cret/= b", Opaque{"***"}}}});
  CHECK(describe(form) == R"({["***"] = {"a *** b", "***"}})");
}

TEST_CASE("doubt: nothing sent, only repeatable sent, something else sent, acted") {
  Run run;
  run.begin("a");
  CHECK(run.verdict("a") == Verdict::run);
  run.intent(1, "a", true);
  CHECK(run.verdict("a") == Verdict::run);
  run.intent(2, "a", false);
  CHECK(run.verdict("a") == Verdict::ask);
  run.add("outcome", {{"id", 2}, {"error", failure("local.not_found", false)}});
  CHECK(run.verdict("a") == Verdict::run);
  run.intent(3, "a", false).add("outcome", {{"id", 3}, {"result", Value()}});
  CHECK(run.verdict("a") == Verdict::ask);
  run.add("acted", {{"path", "a"}});
  CHECK(run.verdict("a") == Verdict::verify);
  run.end("a", "failed");
  CHECK(run.verdict("a") == Verdict::verify);
  CHECK(run.history.changed(*run.history.step("a")));
}

TEST_CASE("doubt: a command that ran and ended was sent, whatever its exit code") {
  for (const auto& [code, maybe, verdict] : {std::tuple{"local.exit", false, Verdict::ask},
                                             {"ssh.signal", false, Verdict::ask},
                                             {"local.not_found", false, Verdict::run},
                                             {"local.timeout", true, Verdict::ask}}) {
    Run run;
    run.begin("a").intent(1, "a", false).add("outcome", {{"id", 1}, {"error", failure(code, maybe)}});
    CHECK(run.verdict("a") == verdict);
  }
}

TEST_CASE("a new attempt leaves the doubt of the one before behind") {
  Run run;
  run.begin("a").intent(1, "a", false);
  CHECK(run.verdict("a") == Verdict::ask);
  run.add("decided", {{"path", "a"}, {"answer", "retry"}}).add("attempt", {{"path", "a"}});
  CHECK(run.verdict("a") == Verdict::run);
  CHECK(run.history.step("a")->attempts == 2);
}

TEST_CASE("a clean-up that ran before its group ended reopens the steps after it") {
  Run run;
  run.begin("g/before").end("g/before", "done");
  run.add("cleanup", {{"path", "g/c"}, {"group", "g"}, {"state", "registered"}});
  run.begin("g/after").intent(1, "g/after", true).add("acted", {{"path", "g/after"}}).end("g/after", "done");
  run.begin("g/inner/deep").end("g/inner/deep", "already");
  run.begin("gg").end("gg", "done");
  CHECK(run.history.owed().size() == 1);
  run.add("cleanup", {{"path", "g/c"}, {"group", "g"}, {"state", "ran"}});
  CHECK(run.history.owed().empty());
  CHECK(run.history.step("g/before")->settled());
  CHECK(run.history.step("gg")->settled());
  CHECK_FALSE(run.history.step("g/after")->settled());
  CHECK_FALSE(run.history.step("g/inner/deep")->settled());
  CHECK(run.verdict("g/after") == Verdict::run);

  SUBCASE("until they are done again") {
    run.add("cleanup", {{"path", "g/c"}, {"group", "g"}, {"state", "registered"}});
    CHECK_FALSE(run.history.step("g/after")->settled());
    run.end("g/after", "already");
    CHECK(run.history.step("g/after")->settled());
    CHECK(run.history.owed().size() == 1);
  }
  SUBCASE("what they sent that is not repeatable is in doubt") {
    run.begin("g/after").intent(2, "g/after", false).add("acted", {{"path", "g/after"}}).end("g/after", "done");
    run.add("cleanup", {{"path", "g/c"}, {"group", "g"}, {"state", "registered"}});
    run.begin("g/late").intent(3, "g/late", false).end("g/late", "done");
    run.add("cleanup", {{"path", "g/c"}, {"group", "g"}, {"state", "ran"}});
    CHECK(run.verdict("g/late") == Verdict::ask);
  }
}

TEST_CASE("a clean-up at the regular end of its group reopens nothing") {
  Run run;
  run.add("cleanup", {{"path", "g/c"}, {"group", "g"}, {"state", "registered"}});
  run.begin("g/after").end("g/after", "done").add("group", {{"path", "g"}});
  run.add("cleanup", {{"path", "g/c"}, {"group", "g"}, {"state", "ran"}});
  CHECK(run.history.step("g/after")->settled());
}

TEST_CASE("an answer counts once a step of its group has finished after it") {
  Run run;
  run.begin("g/before").end("g/before", "done");
  run.add("answer", {{"path", "g/sure"}, {"kind", "confirm"}, {"value", "yes"}});
  CHECK_FALSE(run.history.acted_upon("g/sure"));
  run.begin("other").end("other", "done");
  CHECK_FALSE(run.history.acted_upon("g/sure"));
  run.begin("g/after").end("g/after", "failed");
  CHECK_FALSE(run.history.acted_upon("g/sure"));
  run.end("g/after", "done");
  CHECK(run.history.acted_upon("g/sure"));
}

TEST_CASE("a run is unfinished where it has sent a change or owes a clean-up, and nobody has ended it") {
  Run run;
  run.add("start", {{"procedure", "p"}});
  CHECK(run.history.state() == "running");
  CHECK_FALSE(run.history.unfinished());
  run.begin("a").intent(1, "a", true);
  CHECK(run.history.unfinished());
  run.add("result", {{"state", "failed"}});
  CHECK(run.history.unfinished());
  run.add("session", {{"mode", "resume"}});
  CHECK(run.history.state() == "running");
  run.add("result", {{"state", "done"}});
  CHECK_FALSE(run.history.unfinished());
  run.add("cleanup", {{"path", "c"}, {"group", ""}, {"state", "registered"}});
  CHECK(run.history.unfinished());
  run.add("abandon", {{"reason", "by hand"}});
  CHECK(run.history.state() == "abandoned");
  CHECK_FALSE(run.history.unfinished());
}

TEST_CASE("steps that were not visited are named, by group") {
  Run run;
  run.begin("a").end("a", "done").begin("g/b").end("g/b", "already").begin("g/c").end("g/c", "failed");
  run.begin("clean-up: x").end("clean-up: x", "done");
  CHECK(run.history.unvisited("") == std::vector<std::string>{"a", "g/b"});
  CHECK(run.history.unvisited("g") == std::vector<std::string>{"g/b"});
  run.history.step("g/b")->visited = true;
  CHECK(run.history.unvisited("g").empty());
}
