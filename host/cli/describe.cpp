// opshost describe PROCEDURE: its parameters, what it may do, its steps and questions as far as the text tells.
#include "host/cli/describe.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>

#include "host/base/digest.hpp"
#include "host/base/json_text.hpp"
#include "host/cli/commands.hpp"
#include "host/cli/exit_codes.hpp"
#include "host/lua/script_files.hpp"
#include "host/lua/source_calls.hpp"
#include "host/term/output.hpp"
#include "host/term/table.hpp"

namespace opshost::cli {

namespace {

bool flag_of(const Value& value, std::string_view name) {
  const auto* field = value.field(name);
  const auto* flag = field == nullptr ? nullptr : field->get_if<bool>();
  return flag != nullptr && *flag;
}

const ValueList& list_of(const Value& value, std::string_view name) {
  static const ValueList none;
  const auto* field = value.field(name);
  const auto* list = field == nullptr ? nullptr : field->get_if<ValueList>();
  return list == nullptr ? none : *list;
}

std::string default_of(const Value& param) {
  if (flag_of(param, "required")) return "required";
  const auto* value = param.field("default");
  return value == nullptr ? "" : "default " + describe(*value);
}

std::string params_text(const Value& about) {
  Table table({{"flag"}, {"kind"}, {"", Table::Align::left}, {"what"}});
  for (const auto& param : list_of(about, "params"))
    table.add_row({text_field(param, "flag"), text_field(param, "kind"), default_of(param), text_field(param, "doc")});
  return table.empty() ? "no parameters\n" : table.text(wants_color(1));
}

std::string uses_text(const Value& about) {
  std::string text;
  const auto* uses = about.field("uses");
  const auto* map = uses == nullptr ? nullptr : uses->get_if<ValueMap>();
  if (map == nullptr) return text;
  for (const auto& [module, effect] : *map) {
    if (const auto* name = effect.get_if<std::string>())
      text += (text.empty() ? "uses " : ", ") + module + " (" + *name + ")";
  }
  return text.empty() ? "uses nothing\n" : text + "\n";
}

struct CallsOfFile {
  std::string file;  ///< empty: the procedure's own
  std::vector<lua::NamedCall> calls;
};

std::string text_of_file(const lua::Vm::LoadedFile& file) {
  if (file.built_in) return std::string(lua::embedded_text(file.name));
  const std::ifstream stream(file.name, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return std::move(text).str();
}

/// What the procedure's file names, and what those it has loaded do.
std::vector<CallsOfFile> calls_of(Runtime& runtime, const std::string& script_text) {
  std::vector<CallsOfFile> files{{"", lua::named_calls(script_text)}};
  const auto own = sha256_hex(script_text);
  for (const auto& file : runtime.vm().loaded_files()) {
    if (file.sha256 == own || file.name.starts_with("stdlib/")) continue;
    auto calls = lua::named_calls(text_of_file(file));
    if (!calls.empty()) files.push_back({file.name, std::move(calls)});
  }
  return files;
}

std::string calls_text(const std::vector<CallsOfFile>& files) {
  std::string text;
  for (const auto& [file, calls] : files) {
    if (!calls.empty()) text += file.empty() ? "in its text\n" : "in " + file + "\n";
    for (const auto& call : calls)
      text += "  " + call.method + " \"" + call.name + "\"  (line " + std::to_string(call.line) + ")\n";
  }
  return text;
}

Value document_of(Value about, const std::vector<CallsOfFile>& files) {
  auto fields = *about.get_if<ValueMap>();
  ValueList list;
  for (const auto& [file, calls] : files) {
    for (const auto& call : calls) {
      ValueMap entry{{"method", call.method}, {"name", call.name}, {"line", static_cast<std::int64_t>(call.line)}};
      if (!file.empty()) entry.emplace_back("file", file);
      list.emplace_back(std::move(entry));
    }
  }
  fields.emplace_back("calls", std::move(list));
  return fields;
}

int describe_procedure(const std::string& name, const SessionOptions& session, const Modules& modules) {
  const auto runtime = open_session(session, modules);
  runtime->begin_plan();
  const auto script = find_named_script(name, *runtime);
  ProcedureSlot procedure;
  const auto outcome = runtime->run_text(script.text, script.chunk_name, {}, procedure.keeper());
  if (!outcome.returned) {
    report(outcome, session, *runtime);
    return outcome.exit_code;
  }
  if (!procedure.is_procedure()) {
    say("opshost: " + name + " is a plain script: its file returns no procedure.define{...}\n");
    return static_cast<int>(ExitCode::script_error);
  }
  return show_description(*runtime, procedure, name, script.text, session.json);
}

}  // namespace

bool asks_for_help(Runtime& runtime, const ProcedureSlot& procedure, const std::string& name,
                   const std::vector<std::string>& words) {
  const auto is_help = [](const auto& word) { return word == "--help" || word == "-h"; };
  if (std::none_of(words.begin(), words.end(), is_help)) return false;
  ValueList arguments(words.begin(), words.end());
  const auto asked =
      start_procedure(runtime, procedure, {{"mode", "help"}, {"name", name}, {"arguments", std::move(arguments)}});
  if (!asked.outcome.returned) throw Error(asked.outcome.error);
  const auto* answer = asked.returned.get_if<bool>();
  return answer != nullptr && *answer;
}

int show_description(Runtime& runtime, const ProcedureSlot& procedure, const std::string& name,
                     const std::string& script_text, bool json) {
  const auto about = about_procedure(runtime, procedure, name);
  const auto calls = calls_of(runtime, script_text);
  if (json) {
    standard_output().write(json_text(document_of(about, calls)) + "\n");
    return 0;
  }
  const auto source = text_field(about, "source");
  standard_output().write(text_field(about, "name") + ": " + text_field(about, "summary") + "\n" +
                          (source.empty() ? "" : "source: " + source + "\n") +
                          "on failure: " + text_field(about, "on_failure") + "\n" + uses_text(about) +
                          params_text(about) + calls_text(calls));
  return 0;
}

Command describe_command(const Modules& modules) {
  auto session = std::make_shared<SessionOptions>();
  Command command{.name = "describe",
                  .summary = "show a procedure's parameters, steps and questions",
                  .arguments = "PROCEDURE",
                  .required_arguments = 1,
                  .options = session_options(session)};
  command.options.push_back(json_option(session, "as JSON"));
  command.run = [session, modules](const std::vector<std::string>& arguments) {
    return describe_procedure(arguments.front(), *session, modules);
  };
  return command;
}

}  // namespace opshost::cli
