// opshost types FOLDER: editor stubs, and for this project's own documentation the reference and the luacheck standard.
#include <filesystem>
#include <fstream>

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
  write_all(folder, docs::stub_files(catalog, build_info().version));
  write_file(folder / ".luacheckrc", docs::luacheck_std());
  standard_output().write("wrote " + folder.string() + "/" + std::string(docs::kStubFolder) +
                          ", .luarc.json and .luacheckrc\n");
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
