// opshost check SCRIPT...: syntax and names, without running anything.
#include <filesystem>

#include "host/cli/commands.hpp"
#include "host/cli/exit_codes.hpp"
#include "host/lua/script_files.hpp"
#include "host/lua/source_check.hpp"
#include "host/term/output.hpp"

namespace opshost::cli {

namespace {

std::vector<std::string> folders_for(const std::string& script, Runtime& runtime) {
  auto folders = runtime.vm().options().script_path;
  const auto folder = std::filesystem::path(script).parent_path().string();
  folders.insert(folders.begin(), folder.empty() ? "." : folder);
  return folders;
}

/// Syntax is the loader's to judge; false: it has said what is wrong.
bool has_valid_syntax(const lua::ScriptSource& source, Runtime& runtime) {
  lua_State* state = runtime.vm().state();
  const bool valid = lua::load_chunk(state, source.text, source.chunk_name);
  if (!valid) say(std::string(lua_tostring(state, -1)) + "\n");
  lua_pop(state, 1);
  return valid;
}

bool check_script(const std::string& name, Runtime& runtime, const std::vector<ModuleInfo>& modules) {
  const auto source = find_named_script(name, runtime);
  if (!has_valid_syntax(source, runtime)) return false;
  const auto folders = folders_for(name, runtime);
  KnownNames known{.modules = modules, .module_values = {{"ops", {"args", "null"}}, {"ops.procedure", {"param"}}}};
  known.is_module = [&folders](std::string_view module) {
    return lua::find_script(std::string(module), folders).has_value();
  };
  const auto findings = check_source(source.text, known);
  for (const auto& finding : findings) say(finding.located(name) + "\n");
  return findings.empty();
}

/// One that cannot be read does not keep the others from being checked.
bool check_readable_script(const std::string& name, Runtime& runtime, const std::vector<ModuleInfo>& modules) {
  try {
    return check_script(name, runtime, modules);
  } catch (const Error& error) {
    say("opshost: " + error.message() + "\n");
    return false;
  }
}

int check_scripts(const SessionOptions& options, const Modules& modules, const std::vector<std::string>& names) {
  const auto runtime = open_session(options, modules);
  const auto declared = runtime->declared_modules();
  bool fine = true;
  for (const auto& name : names) fine = check_readable_script(name, *runtime, declared) && fine;
  if (fine) standard_output().write(names.size() == 1 ? "no problems\n" : "no problems in any of them\n");
  return static_cast<int>(fine ? ExitCode::done : ExitCode::script_error);
}

}  // namespace

Command check_command(const Modules& modules) {
  auto options = std::make_shared<SessionOptions>();
  return {.name = "check",
          .summary = "look for mistakes in scripts without running them",
          .arguments = "SCRIPT...",
          .required_arguments = 1,
          .options = session_options(options),
          .run = [options, modules](const std::vector<std::string>& names) {
            return check_scripts(*options, modules, names);
          }};
}

}  // namespace opshost::cli
