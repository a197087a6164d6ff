#include "bindings/local/nearest_file.hpp"

#include <dirent.h>
#include <unistd.h>

#include <memory>

#include "bindings/local/folder.hpp"
#include "bindings/local/system_error.hpp"
#include "host/base/names.hpp"

namespace opshost::local {

namespace {

constexpr std::size_t kMostNames = 5000;

std::string_view without_slashes(std::string_view path) {
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  return path;
}

bool is_there(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

}  // namespace

std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  const Folder open(opendir(folder.c_str()));
  while (open && names.size() < kMostNames) {
    const dirent* entry = readdir(open.get());
    if (entry == nullptr) break;
    const std::string_view name(entry->d_name);
    if (name != "." && name != "..") names.emplace_back(name);
  }
  return names;
}

std::string parent_of(std::string_view path) {
  path = without_slashes(path);
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  return std::string(slash == 0 ? "/" : without_slashes(path.substr(0, slash)));
}

std::string name_of(std::string_view path) {
  path = without_slashes(path);
  const std::size_t slash = path.rfind('/');
  return std::string(slash == std::string_view::npos || path.size() == 1 ? path : path.substr(slash + 1));
}

std::string joined(const std::string& folder, const std::string& name) {
  if (folder == ".") return name;
  return folder.back() == '/' ? folder + name : folder + '/' + name;
}

std::string why_missing(const std::string& path) {
  if (path.starts_with("~/") || path == "~") return "; \"~\" is not expanded: write os.getenv(\"HOME\") .. \"/...\"";
  std::string missing = path;
  while (!is_there(parent_of(missing)) && parent_of(missing) != missing) missing = parent_of(missing);
  const std::string folder = parent_of(missing);
  const auto near = nearest_name(name_of(missing), names_in(folder));
  std::string proposal = near ? "; did you mean \"" + one_line(joined(folder, *near), 300) + "\"?" : std::string();
  if (missing == path) return proposal;
  return "; there is no \"" + one_line(missing, 300) + '"' + proposal;
}

}  // namespace opshost::local
