// opshost types FOLDER: editor stubs, and for this project's own documentation the reference and the luacheck standard.
#include <filesystem>
#include <fstream>
#include <sstream>

#include "host/base/build_info.hpp"
#include "host/cli/commands.hpp"
#include "host/cli/exit_codes.hpp"
#include "host/docs/help.hpp"
#include "host/docs/luacheck_std.hpp"
#include "host/docs/name_lint.hpp"
#include "host/docs/reference.hpp"
#include "host/docs/stubs.hpp"
#include "host/term/output.hpp"

namespace opshost::cli {

namespace {

namespace fs = std::filesystem;

struct TypesOptions {
  bool reference = false;
  bool lint = false;
};

void write_file(const fs::path& path, const std::string& text) {
  std::error_code problem;
  fs::create_directories(path.parent_path(), problem);
  if (problem) {
    throw Error("types.not_writable", "cannot create " + path.parent_path().string() + ": " + problem.message());
  }
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (!file) throw Error("types.not_writable", "cannot write " + path.string() + ": " + errno_text(errno));
}

constexpr std::string_view kSettings = ".luarc.json";
constexpr std::string_view kStandard = ".luacheckrc";

std::string text_of(const fs::path& path) {
  const std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// A project's own settings: other text than ours, which says of itself where it is from, or is what we would write.
bool is_someones_own(const fs::path& path, const std::string& ours) {
  std::error_code ignored;
  if (!fs::exists(path, ignored)) return false;
  const auto present = text_of(path);
  const auto mark = ours.substr(0, ours.find('\n'));
  const bool is_marked = ours.starts_with("--") && present.starts_with(mark);
  return present != ours && !is_marked;
}

/// False: what is there is kept.
bool write_unless_someones_own(const fs::path& path, const std::string& text) {
  if (is_someones_own(path, text)) {
    say("kept " + path.string() + ", which is not from here; run `opshost types` in an empty folder to compare\n");
    return false;
  }
  write_file(path, text);
  return true;
}

/// Returns the names of the settings written.
std::vector<std::string> write_stubs(const fs::path& folder, const docs::Catalog& catalog) {
  std::vector<std::string> settings;
  for (const auto& file : docs::stub_files(catalog, build_info().version)) {
    if (file.path != kSettings) {
      write_file(folder / file.path, file.text);
    } else if (write_unless_someones_own(folder / file.path, file.text)) {
      settings.push_back(file.path);
    }
  }
  if (write_unless_someones_own(folder / kStandard, docs::luacheck_std())) settings.emplace_back(kStandard);
  return settings;
}

void write_all(const fs::path& folder, const std::vector<docs::GeneratedFile>& files) {
  for (const auto& file : files) write_file(folder / file.path, file.text);
}

int lint_names(const docs::Catalog& catalog) {
  const auto complaints = docs::name_lint(catalog);
  for (const auto& complaint : complaints) say(complaint + "\n");
  return complaints.empty() ? 0 : static_cast<int>(ExitCode::script_error);
}

int write_types(const Modules& modules, const TypesOptions& options, const std::vector<std::string>& arguments) {
  Runtime runtime({}, modules);
  const auto declared = runtime.declared_modules();
  const docs::Catalog catalog(declared, {}, docs::builtin_topics());
  if (options.lint) return lint_names(catalog);
  const fs::path folder = arguments.empty() ? "." : arguments.front();
  if (options.reference) {
    write_all(folder, docs::reference_files(catalog));
    return 0;
  }
  std::string wrote = "wrote " + folder.string() + "/" + std::string(docs::kStubFolder);
  const auto settings = write_stubs(folder, catalog);
  for (const auto& name : settings) wrote += (&name == &settings.back() ? " and " : ", ") + name;
  standard_output().write(wrote + "\n");
  return 0;
}

}  // namespace

Command types_command(const Modules& modules) {
  auto options = std::make_shared<TypesOptions>();
  return {.name = "types",
          .summary = "write editor stubs and a luacheck standard into a script project",
          .arguments = "[FOLDER]",
          .options = {{.name = "--reference",
                       .value_name = "",
                       .doc = "write the Markdown reference instead",
                       .set = [options](const std::string&) { options->reference = true; }},
                      {.name = "--lint",
                       .value_name = "",
                       .doc = "write nothing; check the names of every declaration",
                       .set = [options](const std::string&) { options->lint = true; }}},
          .run = [modules, options](const std::vector<std::string>& arguments) {
            return write_types(modules, *options, arguments);
          }};
}

}  // namespace opshost::cli
