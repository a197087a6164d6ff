// opshost scripts [list | diff [NAME...] | export FOLDER [NAME...]]: the script libraries, what a site has changed of
// them, and copies to change.
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "host/base/names.hpp"
#include "host/base/utf8.hpp"
#include "host/cli/commands.hpp"
#include "host/cli/session.hpp"
#include "host/lua/script_files.hpp"
#include "host/term/output.hpp"

namespace opshost::cli {

namespace {

namespace fs = std::filesystem;
using Names = std::vector<std::string>;

int list(const std::vector<lua::ScriptListing>& listings) {
  std::string text;
  for (const auto& script : listings) {
    text += script.name + "  " + script.path + (script.hides_built_in ? "  (instead of the built-in one)" : "") + "\n";
  }
  standard_output().write(text.empty() ? "no script libraries\n" : text);
  return 0;
}

/// No names: all.
bool is_wanted(const std::string& name, const Names& names) {
  return names.empty() || std::find(names.begin(), names.end(), name) != names.end();
}

/// Throws Error usage.name.
void check_names(const Names& names, const Names& known, const std::string& what) {
  for (const auto& name : names) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    throw Error("usage.name", "there is no " + what + " \"" + printable(name) + "\"" + did_you_mean(name, known) +
                                  "; `opshost scripts` lists the libraries");
  }
}

/// What a site's file differs in from the built-in one it stands for, through ops.text.
int diff(const std::vector<lua::ScriptListing>& listings, const Names& names, const SessionOptions& options,
         const Modules& modules) {
  Names own;
  for (const auto& script : listings) {
    if (script.hides_built_in) own.push_back(script.name);
  }
  check_names(names, own, "library that a site has in place of the built-in");
  const auto all = lua::built_in_scripts();
  const auto runtime = open_session(options, modules);
  for (const auto& script : listings) {
    if (!script.hides_built_in || !is_wanted(script.name, names)) continue;
    const auto built_in =
        std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.name == script.name; });
    const auto outcome = runtime->run_text(
        "local before, after, name = ...\n"
        "io.write(require('ops.text').diff(before, after, { before_name = 'built in', after_name = name }))",
        "=[opshost] scripts diff", {std::string(built_in->text), lua::read_script_file(script.path).text, script.path});
    if (outcome.returned) continue;
    report(outcome, options, *runtime);
    return outcome.exit_code;
  }
  return 0;
}

void write_script(const fs::path& path, std::string_view text) {
  std::error_code problem;
  fs::create_directories(path.parent_path(), problem);
  // "x": a file somebody made in the meantime is not overwritten either.
  std::FILE* file = problem ? nullptr : std::fopen(path.c_str(), "wxe");
  const bool written = file != nullptr && std::fwrite(text.data(), 1, text.size(), file) == text.size();
  const bool closed = file != nullptr && std::fclose(file) == 0;
  if (written && closed) return;
  throw Error("script.not_writable",
              "cannot write " + printable(path.string()) + ": " + (problem ? problem.message() : errno_text(errno)));
}

/// Copies of the built-in libraries; a file that is there already has to be the same.
int export_to(const std::string& folder, const Names& names) {
  const auto built_in = lua::built_in_scripts();
  Names known;
  for (const auto& script : built_in) known.push_back(script.name);
  check_names(names, known, "built-in library");
  std::size_t count = 0;
  for (const auto& script : built_in) {
    if (!is_wanted(script.name, names)) continue;
    const auto path = fs::path(folder) / script.path;
    std::error_code ignored;
    if (!fs::exists(path, ignored)) {
      write_script(path, script.text);
      ++count;
    } else if (lua::read_script_file(path.string()).text != script.text) {
      throw Error("script.exists", printable(path.string()) + " is there already, and differs from the built-in " +
                                       script.name + "; compare them with `opshost scripts diff`, or export elsewhere");
    }
  }
  standard_output().write(std::to_string(count) + (count == 1 ? " file" : " files") + " written to " +
                          printable(folder) + "\n");
  return 0;
}

int run_scripts(const SessionOptions& options, const Modules& modules, Names arguments) {
  auto folders = options.script_folders;
  for (auto& folder : lua::default_script_folders()) folders.push_back(std::move(folder));
  const std::string what = arguments.empty() ? "list" : arguments.front();
  if (!arguments.empty()) arguments.erase(arguments.begin());
  if (what == "list" && arguments.empty()) return list(lua::list_scripts(folders));
  if (what == "diff") return diff(lua::list_scripts(folders), arguments, options, modules);
  if (what == "export" && !arguments.empty()) {
    const std::string folder = arguments.front();
    arguments.erase(arguments.begin());
    return export_to(folder, arguments);
  }
  throw Error("usage.arguments", "opshost scripts takes list, diff [NAME...] or export FOLDER [NAME...]");
}

}  // namespace

Command scripts_command(const Modules& modules) {
  auto options = std::make_shared<SessionOptions>();
  return {.name = "scripts",
          .summary = "show the script libraries, what a site has changed of them, or copy them out to change them",
          .arguments = "[list | diff [NAME...] | export FOLDER [NAME...]]",
          .options = {{.name = "--scripts",
                       .value_name = "FOLDER",
                       .doc = "look here first",
                       .set = [options](const std::string& folder) { options->script_folders.push_back(folder); }}},
          .run = [options, modules](const Names& arguments) { return run_scripts(*options, modules, arguments); }};
}

}  // namespace opshost::cli
