// opshost preflight PROCEDURE [FLAG...]: what can go wrong before the first change, looked at before it.
#include <sys/statvfs.h>

#include "host/base/json_text.hpp"
#include "host/base/size.hpp"
#include "host/cli/commands.hpp"
#include "host/cli/describe.hpp"
#include "host/cli/exit_codes.hpp"
#include "host/cli/procedure_run.hpp"
#include "host/journal/run_store.hpp"
#include "host/lua/convert.hpp"
#include "host/term/output.hpp"

namespace opshost::cli {

namespace {

struct Check {
  std::string what;
  bool fine;
  std::string seen;
};

constexpr std::uint64_t kJournalSpace = (64_MiB).bytes;

/// To what a person wants to know of it.
Size rounded(std::uint64_t bytes) {
  const std::uint64_t unit = bytes < (10_GiB).bytes ? (1_MiB).bytes : (1_GiB).bytes;
  return Size{bytes - bytes % unit};
}

/// Room for the journal's records and values.
Check check_journal() {
  try {
    const auto folder = journal::state_folder();
    struct statvfs space{};
    if (::statvfs(folder.c_str(), &space) != 0) return {"journal space", false, folder + ": " + errno_text(errno)};
    const auto free = static_cast<std::uint64_t>(space.f_bavail) * space.f_frsize;
    return {"journal space", free >= kJournalSpace, format_size(rounded(free)) + " free in " + folder};
  } catch (const Error& error) {
    return {"journal space", false, error.message()};
  }
}

std::vector<Check> checks_of(const Value& returned) {
  std::vector<Check> checks;
  const auto* list = returned.get_if<ValueList>();
  if (list == nullptr) return checks;
  for (const auto& item : *list) {
    const auto* what = item.field("what");
    const auto* fine = item.field("fine");
    const auto* seen = item.field("seen");
    checks.push_back({what == nullptr ? "" : *what->get_if<std::string>(), fine != nullptr && *fine->get_if<bool>(),
                      seen == nullptr ? "" : *seen->get_if<std::string>()});
  }
  return checks;
}

int show(const std::vector<Check>& checks, bool json) {
  bool all_fine = true;
  ValueList documents;
  std::string text;
  for (const auto& check : checks) {
    all_fine = all_fine && check.fine;
    documents.emplace_back(ValueMap{{"what", check.what}, {"fine", check.fine}, {"seen", check.seen}});
    text += (check.fine ? "ok      " : "not ok  ") + check.what + ": " + check.seen + "\n";
  }
  standard_output().write(json ? json_text(documents) + "\n" : text);
  return static_cast<int>(all_fine ? ExitCode::done : ExitCode::refused);
}

int preflight(SessionOptions session, const Modules& modules, std::vector<std::string> arguments) {
  const auto runtime = open_session(session, modules);
  runtime->gate().observe_only = true;
  const auto name = arguments.front();
  const auto script = find_named_script(name, *runtime);
  arguments.erase(arguments.begin());
  ProcedureSlot procedure;
  const auto loaded = runtime->run_text(script.text, script.chunk_name, arguments, procedure.keeper());
  if (!loaded.returned) {
    report(loaded, session, *runtime);
    return loaded.exit_code;
  }
  if (!procedure.is_procedure())
    throw Error("usage.procedure", name + " is a plain script; preflight is for procedures");
  RunOptions ignored;
  take_run_options(arguments, ignored, session);
  if (asks_for_help(*runtime, procedure, name, arguments))
    return show_description(*runtime, procedure, name, script.text, session.json);
  ValueList words(arguments.begin(), arguments.end());
  const auto [outcome, returned] =
      start_procedure(*runtime, procedure, {{"mode", "preflight"}, {"name", name}, {"arguments", std::move(words)}});
  if (!outcome.returned) {
    report(outcome, session, *runtime);
    return outcome.exit_code;
  }
  auto checks = checks_of(returned);
  checks.insert(checks.begin(), check_journal());
  return show(checks, session.json);
}

}  // namespace

Command preflight_command(const Modules& modules) {
  auto session = std::make_shared<SessionOptions>();
  Command command{.name = "preflight",
                  .summary = "look at what a procedure needs, before its first change",
                  .arguments = "PROCEDURE [FLAG...]",
                  .required_arguments = 1,
                  .arguments_are_the_scripts = true,
                  .options = session_options(session)};
  command.options.push_back(json_option(session, "as JSON"));
  command.run = [session, modules](const std::vector<std::string>& arguments) {
    return preflight(*session, modules, arguments);
  };
  return command;
}

}  // namespace opshost::cli
