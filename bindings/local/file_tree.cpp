// Making, deleting and the modes of files and directories.
#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string_view>
#include <vector>

#include "bindings/local/file_work.hpp"
#include "bindings/local/files.hpp"
#include "bindings/local/folder.hpp"
#include "bindings/local/nearest_file.hpp"
#include "bindings/local/system_error.hpp"
#include "bindings/local/temp_places.hpp"
#include "host/base/descriptor.hpp"

namespace opshost::local {

namespace {

void set_ownership(const std::string& path, const Ownership& wanted) {
  const Ownership none;
  if (wanted.uid == none.uid && wanted.gid == none.gid) return;
  if (chown(path.c_str(), wanted.uid, wanted.gid) != 0) throw file_error("change the owner of", path, errno);
}

void set_mode(const std::string& path, const std::string& mode) {
  if (chmod(path.c_str(), parse_mode(mode)) != 0) throw file_error("change the mode of", path, errno);
}

bool make_one_directory(const std::string& path, const MkdirOptions& options) {
  const Ownership owner = find_ownership(options.owner, options.group);
  struct stat before = {};
  const bool existed = stat(path.c_str(), &before) == 0;
  if (existed && !S_ISDIR(before.st_mode))
    throw wrong_type("create", path, type_text(before.st_mode) + ", not a directory");
  if (options.parents) {
    make_directories(path, 0755);
  } else if (!existed && mkdir(path.c_str(), 0755) != 0) {
    throw parent_error("create", path, errno);
  }
  set_ownership(path, owner);
  if (options.mode) set_mode(path, *options.mode);
  return !existed;
}

// --- delete ---

/// Taking a name out of a directory is a matter of the directory's rights.
Error delete_error(const std::string& path, int number) {
  return number == EACCES ? file_error("delete anything in", parent_of(path), number)
                          : file_error("delete", path, number);
}

/// The path without links on the way, its last part as it is.
std::string canonical(const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> parent(realpath(parent_of(path).c_str(), nullptr), &std::free);
  if (!parent) throw delete_error(path, errno);
  return name_of(path) == "/" ? "/" : joined(parent.get(), name_of(path));
}

bool is_below(std::string_view path, std::string_view folder) {
  return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

/// mountinfo(5): the fifth word is where it is mounted, with spaces as \040.
std::string mounted_below(const std::string& folder) {
  std::ifstream mounts("/proc/self/task/" + std::to_string(gettid()) + "/mountinfo");
  for (std::string line; std::getline(mounts, line);) {
    std::size_t at = 0;
    for (int words = 0; words < 4 && at != std::string::npos; ++words) at = line.find(' ', at) + 1;
    std::string point = line.substr(at, line.find(' ', at) - at);
    for (std::size_t escape = 0; (escape = point.find("\\040", escape)) != std::string::npos;)
      point.replace(escape, 4, " ");
    if (is_below(point, folder)) return point;
  }
  return {};
}

Error refused(const std::string& path, const std::string& why) {
  return refusal("local.refused", "delete", path, EPERM, "delete does not take " + quoted_path(path) + " away: " + why);
}

/// What nobody deletes on purpose with all that is in it.
void refuse_precious(const std::string& path) {
  constexpr std::array<std::string_view, 6> kHouses{"/", "/usr", "/var", "/home", "/boot", "/lib"};
  const std::string real = canonical(path);
  if (real == "/" || std::ranges::find(kHouses, parent_of(real)) != kHouses.end()) {
    throw refused(real, "the system or somebody's home is in it; name what in it has to go");
  }
  std::error_code is_gone;
  const std::string here = std::filesystem::current_path(is_gone).string();
  if (!is_gone && is_below(here, real)) throw refused(real, "opshost's own working directory is in it");
  if (const std::string point = mounted_below(real); !point.empty()) {
    throw refused(real, "something is mounted at " + quoted_path(point) + "; unmount it first");
  }
}

class TreeDeleter {
 public:
  explicit TreeDeleter(const StopFlag& flag) : flag_(flag) {}

  /// By descriptors, so that nobody can put a link in our way.
  void empty(int parent, const char* name, const std::string& path) {
    const int opened = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (opened < 0) throw delete_error(path, errno);
    const Folder folder(fdopendir(opened));
    std::vector<std::string> names;
    for (errno = 0; const dirent* entry = readdir(folder.get()); errno = 0) {
      const std::string_view found(entry->d_name);
      if (found != "." && found != "..") names.emplace_back(found);
    }
    if (errno != 0) throw delete_error(path, errno);
    for (const std::string& entry : names) remove(dirfd(folder.get()), entry, joined(path, entry));
  }

 private:
  void remove(int parent, const std::string& name, const std::string& path) {
    flag_.check();
    // NOLINTNEXTLINE(clang-analyzer-unix.StdCLibraryFunctions): an open folder has a descriptor
    if (unlinkat(parent, name.c_str(), 0) == 0 || errno == ENOENT) return;
    if (errno != EISDIR) throw delete_error(path, errno);
    empty(parent, name.c_str(), path);
    if (unlinkat(parent, name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT) throw delete_error(path, errno);
  }

  const StopFlag& flag_;
};

Error not_empty(const std::string& path) {
  auto names = names_in(path);
  std::ranges::sort(names);
  std::string some;
  for (std::size_t i = 0; i < std::min<std::size_t>(names.size(), 3); ++i)
    some += (i > 0 ? ", " : "") + quoted_path(names[i]);
  if (names.size() > 3) some += ", ...";
  return refusal(
      "local.not_empty", "delete", path, ENOTEMPTY,
      quoted_path(path) + " is not empty: it has " + some + "; recursive = true deletes it with all that is in it");
}

bool delete_one(const std::string& path, bool recursive, const StopFlag& flag) {
  struct stat info = {};
  if (lstat(path.c_str(), &info) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return false;
    throw delete_error(path, errno);
  }
  if (!S_ISDIR(info.st_mode)) {
    if (unlink(path.c_str()) != 0 && errno != ENOENT) throw delete_error(path, errno);
    return true;
  }
  if (recursive) {
    refuse_precious(path);
    TreeDeleter(flag).empty(AT_FDCWD, path.c_str(), path);
  }
  if (rmdir(path.c_str()) == 0) return true;
  throw errno == ENOTEMPTY || errno == EEXIST ? not_empty(path) : delete_error(path, errno);
}

// --- temp ---

// On the thread that made it: the call may have been stopped meanwhile.
std::string kept_until_exit(std::string path) {
  TempPlaces::of_this_process().add(path);
  return path;
}

std::string make_one_temp(const TempOptions& options) {
  const char* variable = std::getenv("TMPDIR");
  const std::string fallback = variable != nullptr && *variable != '\0' ? variable : "/tmp";
  const std::string parent = options.parent.value_or(fallback);
  std::string path = joined(parent, options.prefix + "XXXXXX");
  if (options.type == TempType::directory) {
    if (mkdtemp(path.data()) != nullptr) return kept_until_exit(path);
  } else if (const Descriptor file(mkostemp(path.data(), O_CLOEXEC)); file) {
    return kept_until_exit(path);
  }
  const int error = errno;
  throw file_error("create a temporary place in", parent, error);
}

void check_last_part(const std::string& path) {
  const std::string name = name_of(path);
  if (name == "." || name == "..") {
    throw Error("usage.argument",
                "the path " + quoted_path(path) + " ends in \"" + name + "\": name what is to be deleted");
  }
}

}  // namespace

Awaitable<bool> make_directory(Call& call, std::string path, MkdirOptions options) {
  check_path(path);
  if (options.mode) parse_mode(*options.mode);
  auto work = [path = std::move(path), options = std::move(options)](const StopFlag&) {
    return make_one_directory(path, options);
  };
  co_return co_await on_file_thread(call, std::move(work));
}

Awaitable<void> change_mode(Call& call, std::string path, std::string mode) {
  check_path(path);
  parse_mode(mode);
  auto work = [path = std::move(path), mode = std::move(mode)](const StopFlag&) { set_mode(path, mode); };
  co_await on_file_thread(call, std::move(work));
}

Awaitable<bool> delete_path(Call& call, std::string path, DeleteOptions options) {
  check_path(path);
  check_last_part(path);
  auto work = [path = std::move(path), options](const StopFlag& flag) {
    return delete_one(path, options.recursive, flag);
  };
  co_return co_await on_file_thread(call, std::move(work));
}

Awaitable<std::string> make_temp(Call& call, TempOptions options) {
  if (options.parent) check_path(*options.parent);
  const bool bad_prefix =
      options.prefix.find('/') != std::string::npos || options.prefix.find('\0') != std::string::npos;
  if (bad_prefix) {
    throw Error("usage.argument",
                "prefix " + describe(Value(options.prefix)) + " cannot begin a name: it has a \"/\" or a NUL byte");
  }
  auto work = [options = std::move(options)](const StopFlag&) { return make_one_temp(options); };
  co_return co_await on_file_thread(call, std::move(work));
}

}  // namespace opshost::local
