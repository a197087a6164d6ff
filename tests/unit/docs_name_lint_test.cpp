#include <doctest/doctest.h>

#include <functional>

#include "host/docs/name_lint.hpp"
#include "tests/unit/docs_sample_module.hpp"

using namespace std::chrono_literals;
using opshost::Effect;
using opshost::ErrorInfo;
using opshost::FunctionInfo;
using opshost::Kind;
using opshost::ModuleInfo;
using opshost::Type;
using opshost::detail::optional_type;
using opshost::detail::plain_type;
using opshost::docs::Catalog;
using opshost::docs::name_lint;
using Complaints = std::vector<std::string>;

namespace {

const Type& text_type() { return plain_type(Kind::string); }

/// A module without fault, changed by `spoil`.
Complaints lint(const std::function<void(ModuleInfo&)>& spoil) {
  ModuleInfo module{.name = "thing", .summary = "Things"};
  spoil(module);
  const std::vector<ModuleInfo> modules{module};
  const std::vector<ErrorInfo> common{{"wait.timeout", "the state was not reached", "wait longer"}};
  return name_lint(Catalog(modules, common));
}

Complaints lint_function(FunctionInfo function) {
  function.module = "thing";
  if (function.doc.empty()) function.doc = "Do it";
  return lint([&](ModuleInfo& module) {
    module.functions.push_back(std::make_shared<const FunctionInfo>(std::move(function)));
  });
}

/// A record with these fields, as options of a function or as its result.
Complaints lint_fields(const std::vector<std::string>& names, bool as_options, Kind kind = Kind::string) {
  Type record{.kind = Kind::record, .name = "Fields", .doc = "Some fields"};
  for (const std::string& name : names)
    record.fields.push_back({.name = name, .doc = "a field", .type = &plain_type(kind)});
  FunctionInfo function{.name = "look"};
  if (as_options) function.params = {{"options", "", &record}};
  if (!as_options) function.result = &record;
  return lint_function(function);
}

Complaints lint_name(const std::string& name) { return lint_function({.name = name}); }

}  // namespace

TEST_CASE("a module as it should be has no complaint") {
  CHECK(name_lint(Catalog(opshost::docs::sample::modules(), opshost::docs::sample::common_errors())) == Complaints{});
}

TEST_CASE("a synonym is named with the word to use") {
  CHECK(lint_fields({"workdir"}, true) == Complaints{"thing.Fields: field \"workdir\": say `cwd`"});
  CHECK(lint_fields({"read_timeout"}, true, Kind::duration) ==
        Complaints{"thing.Fields: field \"read_timeout\": say `timeout`"});
  CHECK(lint_name("exec") ==
        Complaints{"thing.exec: function \"exec\": say `read` or `run` for a process, `execute` for SQL"});
  CHECK(lint_name("remove_container") ==
        Complaints{"thing.remove_container: function \"remove_container\": say `delete`"});
  CHECK(lint_function({.name = "look", .params = {{"interval", "how often", &plain_type(Kind::duration)}}}) ==
        Complaints{"thing.look: parameter \"interval\": say `every`"});
  CHECK(lint_fields({"old_master"}, false) == Complaints{"thing.Fields: field \"old_master\": say `primary`"});
}

TEST_CASE("every synonym of the vocabulary fails somewhere") {
  for (const std::string name :
       {"sudo", "forks", "callback", "gateway", "jump", "deadline", "poll", "idempotent", "sh"}) {
    CAPTURE(name);
    CHECK(lint_fields({name}, true, Kind::duration).size() == 1);
  }
  for (const std::string name :
       {"wait_for", "rollout_status", "fetchall", "assert", "defer", "prompt", "get_or_nil", "rm"}) {
    CAPTURE(name);
    CHECK_FALSE(lint_name(name).empty());
  }
  for (const std::string name : {"exited", "observed", "slave_host"}) {
    CAPTURE(name);
    CHECK(lint_fields({name}, false).size() == 1);
  }
}

TEST_CASE("a word that is a synonym in one place is fine in another") {
  CHECK(lint_fields({"limit"}, true) == Complaints{});
  CHECK(lint_fields({"limit", "parallel"}, true) ==
        Complaints{"thing.Fields: field \"limit\": say `parallel`, `serial` or `max_fail`"});
  CHECK(lint_fields({"check"}, true) == Complaints{});
  CHECK(lint_fields({"check", "cwd"}, true) == Complaints{"thing.Fields: field \"check\": say `accept`"});
  CHECK(lint_fields({"check", "undo"}, true) ==
        Complaints{"thing.Fields: field \"check\": say `done`, or `verify` for what is more"});
  CHECK(lint_name("check") == Complaints{});
  CHECK(lint_name("read") == Complaints{});
  CHECK(lint_name("group") == Complaints{});
  CHECK(lint_fields({"gateway", "last", "interval"}, false) == Complaints{});
  CHECK(lint_name("removed") == Complaints{});
}

TEST_CASE("the choices of an enumeration of effects") {
  const auto complaints = [](std::vector<std::string> choices) {
    const Type type{.kind = Kind::enumeration, .name = "Uses", .doc = "What it may do", .choices = std::move(choices)};
    return lint_function({.name = "look", .params = {{"uses", "what", &type}}});
  };
  CHECK(complaints({"read", "write"}) == Complaints{});
  CHECK(complaints({"observe", "write"}) == Complaints{"thing.Uses: choice \"write\": say `change`"});
  CHECK(complaints({"one", "one", ""}) ==
        Complaints{"thing.Uses: a choice has no name", "thing.Uses: choice \"one\" is declared twice"});
}

TEST_CASE("a field of an error's detail") {
  const Type detail{.kind = Kind::record,
                    .name = "Detail",
                    .doc = "What was seen",
                    .fields = {{.name = "last", .doc = "the state", .type = &text_type()}}};
  CHECK(lint([&](ModuleInfo& module) { module.errors = {{"thing.lost", "it is gone", "look for it", &detail}}; }) ==
        Complaints{"thing.Detail: field \"last\": say `seen`"});
}

TEST_CASE("spelling") {
  CHECK(lint_name("doIt") == Complaints{"thing.doIt: function \"doIt\" is not snake_case"});
  CHECK(lint_name("end") == Complaints{"thing.end: function \"end\" is a keyword of Lua"});
  CHECK(lint_fields({"a__b"}, false) == Complaints{"thing.Fields: field \"a__b\" is not snake_case"});
  CHECK(lint_fields({"goto"}, false) == Complaints{"thing.Fields: field \"goto\" is a keyword of Lua"});
  CHECK(lint_fields({"same", "same"}, false) == Complaints{"thing.Fields: field \"same\" is declared twice"});
  CHECK(lint([](ModuleInfo& module) { module.name = "Thing"; }) == Complaints{"Thing: a module's name is snake_case"});
  CHECK(lint([](ModuleInfo& module) { module.name = "local"; }) == Complaints{});
  CHECK(lint([](ModuleInfo& module) { module.errors = {{"thing.notFound", "gone", "look"}}; }) ==
        Complaints{"error thing.notFound: a code is snake_case parts joined by points"});
}

TEST_CASE("documentation") {
  CHECK(lint_function({.name = "look", .doc = "Look."}) == Complaints{"thing.look: its doc ends with a full stop"});
  CHECK(lint_function({.name = "look", .params = {{"name", "", &text_type()}}}) ==
        Complaints{"thing.look: parameter \"name\" has no doc"});
  CHECK(lint([](ModuleInfo& module) { module.summary.clear(); }) == Complaints{"thing: it has no summary"});
  CHECK(lint([](ModuleInfo& module) { module.errors = {{"thing.lost", "gone", ""}}; }) ==
        Complaints{"error thing.lost: it has no advice"});
  CHECK(lint([](ModuleInfo& module) {
          module.functions = {std::make_shared<const FunctionInfo>(FunctionInfo{.module = "thing", .name = "look"})};
        }) == Complaints{"thing.look: it has no doc"});
}

TEST_CASE("errors are declared once, before they are raised") {
  CHECK(lint_function({.name = "look", .raises = {"thing.lost"}}) ==
        Complaints{"thing.look: raises thing.lost, which no module declares"});
  CHECK(lint([](ModuleInfo& module) {
          module.errors = {{"thing.lost", "gone", "look"}, {"thing.lost", "gone", "look"}};
        }) == Complaints{"thing.lost: error \"thing.lost\" is declared twice"});
}

TEST_CASE("a change says what it touches and returns no verdict") {
  CHECK(lint_function({.name = "stop", .effect = Effect::change}) ==
        Complaints{"thing.stop: a change says what it touches"});
  CHECK(lint_function(
            {.name = "stop", .result = &plain_type(Kind::boolean), .effect = Effect::change, .touches = "thing"}) ==
        Complaints{"thing.stop: a change never returns boolean: raise an error where it did not happen, return what is "
                   "now so"});
  CHECK(lint_function(
            {.name = "stop", .result = &optional_type(text_type()), .effect = Effect::destroy, .touches = "thing"}) ==
        Complaints{"thing.stop: a change never returns string?: raise an error where it did not happen, return what is "
                   "now so"});
}

TEST_CASE("looking up") {
  CHECK(lint_function({.name = "find_thing", .result = &text_type()}) ==
        Complaints{"thing.find_thing: find_* returns an optional: nil where there is none"});
  CHECK(lint_function({.name = "find_thing", .result = &optional_type(text_type())}) == Complaints{});
  CHECK(lint_function({.name = "exists", .result = &text_type()}) ==
        Complaints{"thing.exists: exists returns a boolean, or an optional"});
}

TEST_CASE("a wait") {
  CHECK(lint_name("wait_ready") ==
        Complaints{"thing.wait_ready: a wait waits", "thing.wait_ready: a wait returns what it saw",
                   "thing.wait_ready: a wait takes `timeout`", "thing.wait_ready: a wait takes `every`",
                   "thing.wait_ready: a wait raises wait.timeout"});
  Type options{.kind = Kind::record, .name = "WaitOptions", .doc = "How to wait"};
  options.fields = {{.name = "timeout", .doc = "how long", .type = &plain_type(Kind::duration)},
                    {.name = "every", .doc = "the pause", .type = &plain_type(Kind::duration)}};
  CHECK(lint_function({.name = "wait_ready",
                       .params = {{"options", "", &options}},
                       .result = &text_type(),
                       .raises = {"wait.timeout"},
                       .timeout = 60s,
                       .waits = true}) == Complaints{});
}

TEST_CASE("nothing waits for ever, and times are durations") {
  CHECK(lint_function({.name = "look", .waits = true}) ==
        Complaints{"thing.look: it waits without a timeout: nothing waits for ever"});
  CHECK(
      lint_function({.name = "sleep", .params = {{"time", "how long", &plain_type(Kind::duration)}}, .waits = true}) ==
      Complaints{});
  CHECK(lint_function(
            {.name = "each", .params = {{"fn", "called for each", &plain_type(Kind::function)}}, .waits = true}) ==
        Complaints{});
  CHECK(lint_fields({"connect_timeout"}, true, Kind::integer) ==
        Complaints{"thing.Fields: field \"connect_timeout\" is a duration, not integer"});
}
