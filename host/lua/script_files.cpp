#include "host/lua/script_files.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "host/base/error.hpp"
#include "host/lua/embedded.hpp"

namespace opshost::lua {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kBuiltInFolder = "scripts/";
constexpr std::string_view kExtension = ".lua";

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
  throw Error("script.not_readable", "cannot run " + path + ": " + problem).on(path);
}

void check_writable_by_owner_only(const std::string& path, const struct stat& status) {
  if ((status.st_mode & S_IWOTH) == 0) return;
  cannot_read(path, "anyone may write it, so anyone could run code as you; chmod o-w " + path);
}

std::vector<std::string> candidates(const std::string& module) {
  const auto path = as_path(module);
  return {path + ".lua", path + "/init.lua"};
}

}  // namespace

std::string_view embedded_text(std::string_view path) {
  const auto files = embedded_files();
  const auto found = std::lower_bound(files.begin(), files.end(), path,
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
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) cannot_read(path, errno_text(errno));
  if (S_ISDIR(status.st_mode)) cannot_read(path, "it is a folder; name the Lua file in it");
  check_writable_by_owner_only(path, status);
  std::ifstream file(path, std::ios::binary);
  if (!file) cannot_read(path, errno_text(errno));
  std::ostringstream text;
  text << file.rdbuf();
  if (file.bad()) cannot_read(path, errno_text(errno));
  auto source = text.str();
  if (!source.empty() && source.front() == '\x1b') {
    cannot_read(path, "it is bytecode; opshost runs Lua text only, so that what runs can be read");
  }
  return {.text = std::move(source), .chunk_name = "@" + path, .built_in = false};
}

std::optional<ScriptSource> find_script(const std::string& module, const std::vector<std::string>& folders) {
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

std::vector<ScriptListing> list_scripts(const std::vector<std::string>& folders) {
  std::map<std::string, ScriptListing> listings;
  for (const auto& file : embedded_files()) {
    if (!file.path.starts_with(kBuiltInFolder)) continue;
    const auto name = as_module(std::string(file.path.substr(kBuiltInFolder.size())));
    listings[name] = {.name = name, .path = "built in", .hides_built_in = false};
  }
  // Last folder first, so that the earlier one, which wins, overwrites it.
  for (auto folder = folders.rbegin(); folder != folders.rend(); ++folder) {
    std::error_code ignored;
    for (auto entry = fs::recursive_directory_iterator(*folder, ignored); entry != fs::recursive_directory_iterator();
         entry.increment(ignored)) {
      const auto relative = entry->path().lexically_relative(*folder).string();
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
