#include "host/lua/script_files.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <ranges>
#include <sstream>

#include "host/base/error.hpp"
#include "host/base/names.hpp"
#include "host/base/utf8.hpp"
#include "host/lua/embedded.hpp"

namespace opshost::lua {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kBuiltInFolder = "scripts/";
constexpr std::string_view kExtension = ".lua";
constexpr std::size_t kLargestScript = std::size_t{16} << 20U;

std::string as_path(const std::string& module) {
  std::string path = module;
  std::replace(path.begin(), path.end(), '.', '/');
  return path;
}

std::string as_module(std::string path) {
  path.resize(path.size() - kExtension.size());
  if (path.ends_with("/init")) path.resize(path.size() - 5);
  std::replace(path.begin(), path.end(), '/', '.');
  return path;
}

[[noreturn]] void cannot_read(const std::string& path, const std::string& problem) {
  const auto shown = printable(path);
  throw Error("script.not_readable", "cannot run " + shown + ": " + problem).on(shown);
}

/// The script a person may have meant, of those beside it.
std::string similar_script(const std::string& path) {
  const fs::path wanted(path);
  const auto folder = wanted.parent_path().empty() ? fs::path(".") : wanted.parent_path();
  std::vector<std::string> names;
  std::error_code ignored;
  for (auto entry = fs::directory_iterator(folder, ignored); entry != fs::directory_iterator();
       entry.increment(ignored)) {
    if (entry->path().extension() == kExtension) names.push_back(entry->path().filename().string());
  }
  return did_you_mean(wanted.filename().string(), names);
}

void check_writable_by_owner_only(const std::string& path, const struct stat& status) {
  if ((status.st_mode & S_IWOTH) == 0) return;
  cannot_read(path, "anyone may write it, so anyone could run code as you; chmod o-w " + path);
}

/// Whoever may write the folder may put another file in the script's place, unless it is sticky as /tmp is.
void check_folder(const std::string& path) {
  auto folder = fs::path(path).parent_path().string();
  if (folder.empty()) folder = ".";
  struct stat status{};
  if (::stat(folder.c_str(), &status) != 0) return;
  if ((status.st_mode & S_IWOTH) == 0 || (status.st_mode & S_ISVTX) != 0) return;
  cannot_read(path, "anyone may write its folder, so anyone could run code as you; chmod o-w " + folder);
}

/// Everything up to `kLargestScript`; /dev/zero and a forgotten log are no scripts.
std::string read_text(std::istream& file, const std::string& path) {
  std::string text;
  std::array<char, 65536> part;  // NOLINT(cppcoreguidelines-pro-type-member-init): read fills it
  while (file.read(part.data(), part.size()), file.gcount() > 0) {
    text.append(part.data(), static_cast<std::size_t>(file.gcount()));
    if (text.size() > kLargestScript) cannot_read(path, "it is longer than 16MiB, which no script is");
  }
  if (file.bad()) cannot_read(path, errno_text(errno));
  return text;
}

void check_is_text(const std::string& text, const std::string& path) {
  if (!text.starts_with('\x1b')) return;
  cannot_read(path, "it is bytecode; opshost runs Lua text only, so that what runs can be read");
}

std::vector<std::string> candidates(const std::string& module) {
  const auto path = as_path(module);
  return {path + ".lua", path + "/init.lua"};
}

}  // namespace

std::string_view embedded_text(std::string_view path) {
  const auto files = embedded_files();
  const auto found =
      std::lower_bound(files.begin(), files.end(), path,
                       [](const EmbeddedFile& file, std::string_view wanted) { return file.path < wanted; });
  return found != files.end() && found->path == path ? found->text : std::string_view();
}

std::vector<std::string> stdlib_modules() {
  constexpr std::string_view kFolder = "stdlib/";
  std::vector<std::string> names;
  for (const auto& file : embedded_files()) {
    if (!file.path.starts_with(kFolder) || file.path.starts_with("stdlib/opshost/")) continue;
    names.push_back(as_module(std::string(file.path.substr(kFolder.size()))));
  }
  return names;
}

ScriptSource read_script_file(const std::string& path) {
  if (path.find('\0') != std::string::npos) cannot_read(path, "its name has a NUL byte, which no file's has");
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) {
    const int error = errno;
    cannot_read(path, errno_text(error) + (error == ENOENT ? similar_script(path) : ""));
  }
  if (S_ISDIR(status.st_mode)) cannot_read(path, "it is a folder; name the Lua file in it");
  if (S_ISREG(status.st_mode)) {
    check_writable_by_owner_only(path, status);
    check_folder(path);
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) cannot_read(path, errno_text(errno));
  auto text = read_text(file, path);
  check_is_text(text, path);
  return {.text = std::move(text), .chunk_name = "@" + path, .built_in = false};
}

ScriptSource read_script_from_stdin() {
  const std::string path = "standard input";
  auto text = read_text(std::cin, path);
  check_is_text(text, path);
  return {.text = std::move(text), .chunk_name = "=stdin", .built_in = false};
}

std::optional<ScriptSource> find_script(const std::string& module, const std::vector<std::string>& folders) {
  if (module.find('\0') != std::string::npos) return std::nullopt;
  for (const auto& folder : folders) {
    for (const auto& candidate : candidates(module)) {
      const auto path = (fs::path(folder) / candidate).string();
      std::error_code ignored;
      if (fs::is_regular_file(path, ignored)) return read_script_file(path);
    }
  }
  for (const auto& candidate : candidates(module)) {
    const auto path = std::string(kBuiltInFolder) + candidate;
    const auto text = embedded_text(path);
    if (!text.empty()) return ScriptSource{.text = std::string(text), .chunk_name = "@" + path, .built_in = true};
  }
  return std::nullopt;
}

std::vector<BuiltInScript> built_in_scripts() {
  std::vector<BuiltInScript> scripts;
  for (const auto& file : embedded_files()) {
    if (!file.path.starts_with(kBuiltInFolder)) continue;
    const auto path = file.path.substr(kBuiltInFolder.size());
    scripts.push_back({.name = as_module(std::string(path)), .path = path, .text = file.text});
  }
  return scripts;
}

std::vector<ScriptListing> list_scripts(const std::vector<std::string>& folders) {
  std::map<std::string, ScriptListing> listings;
  for (const auto& script : built_in_scripts()) {
    listings[script.name] = {.name = script.name, .path = "built in", .hides_built_in = false};
  }
  // Last folder first, so that the earlier one, which wins, overwrites it.
  for (const auto& folder : std::views::reverse(folders)) {
    std::error_code ignored;
    for (auto entry = fs::recursive_directory_iterator(folder, ignored); entry != fs::recursive_directory_iterator();
         entry.increment(ignored)) {
      const auto relative = entry->path().lexically_relative(folder).string();
      if (!entry->is_regular_file(ignored) || !relative.ends_with(kExtension)) continue;
      const auto name = as_module(relative);
      const bool hides = !embedded_text(std::string(kBuiltInFolder) + relative).empty();
      listings[name] = {.name = name, .path = entry->path().string(), .hides_built_in = hides};
    }
  }
  std::vector<ScriptListing> list;
  for (auto& [name, listing] : listings) list.push_back(std::move(listing));
  return list;
}

std::vector<std::string> default_script_folders() {
  std::vector<std::string> wanted;
  if (const char* listed = std::getenv("OPSHOST_SCRIPTS")) {
    std::istringstream parts(listed);
    for (std::string part; std::getline(parts, part, ':');) {
      if (!part.empty()) wanted.push_back(part);
    }
  }
  if (const char* config = std::getenv("XDG_CONFIG_HOME"); config != nullptr && *config == '/') {
    wanted.push_back(std::string(config) + "/opshost/scripts");
  } else if (const char* home = std::getenv("HOME"); home != nullptr && *home == '/') {
    wanted.push_back(std::string(home) + "/.config/opshost/scripts");
  }
  wanted.emplace_back("/etc/opshost/scripts");
  std::vector<std::string> present;
  for (const auto& folder : wanted) {
    std::error_code ignored;
    if (fs::is_directory(folder, ignored)) present.push_back(folder);
  }
  return present;
}

}  // namespace opshost::lua
