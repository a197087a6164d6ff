#include "bindings/local/file_work.hpp"

#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <filesystem>

#include "bindings/local/accounts.hpp"
#include "bindings/local/nearest_file.hpp"
#include "bindings/local/system_error.hpp"

namespace opshost::local {

namespace {

constexpr std::size_t kShownPath = 300;

/// The path itself, or the nearest directory above it that can be looked at.
std::string nearest_existing(std::string path, struct stat& info) {
  while (stat(path.c_str(), &info) != 0) {
    const std::string parent = parent_of(path);
    if (parent == path) return {};
    path = parent;
  }
  return path;
}

std::string permission_text(const std::string& operation, const std::string& path, int number) {
  std::string text = own_account() + " may not " + operation + " " + quoted_path(path);
  struct stat info = {};
  const std::string existing = nearest_existing(path, info);
  if (!existing.empty()) {
    text += existing == path ? " (" : " (" + quoted_path(existing) + " has ";
    text +=
        "mode " + mode_text(info.st_mode) + ", owner " + user_name(info.st_uid) + ":" + group_name(info.st_gid) + ")";
  }
  if (number == EPERM) return text + ": only its owner may, and nobody while it is immutable (see lsattr)";
  return text + ": see its mode and that of the directories above it";
}

std::string space_text(const std::string& path, int number) {
  if (number == EDQUOT) return "the disk quota for " + quoted_path(path) + " is used up: free some of it (see quota)";
  std::string text = "no space left for " + quoted_path(path);
  struct stat info = {};
  struct statvfs system = {};
  const std::string existing = nearest_existing(path, info);
  if (!existing.empty() && statvfs(existing.c_str(), &system) == 0) {
    text += " on its file system of " + format_size({system.f_blocks * system.f_frsize});
    if (system.f_files > 0 && system.f_favail == 0) text += ", which has no inodes left";
  }
  return text + ": free some (see df, df -i), or write elsewhere";
}

/// The part of the path that is no directory although more follows.
std::string not_a_directory(const std::string& path) {
  struct stat info = {};
  for (std::string part = path;; part = parent_of(part)) {
    if (stat(part.c_str(), &info) == 0) return part;
    if (parent_of(part) == part) return path;
  }
}

}  // namespace

void StopFlag::check() const {
  if (stopped_) throw Error("cancelled", "stopped while it was under way").maybe_applied();
}

void check_path(const std::string& path) {
  if (path.empty()) throw Error("usage.argument", "the path is empty");
  if (path.find('\0') != std::string::npos) {
    throw Error("usage.argument", "the path " + describe(Value(path)) + " has a NUL byte, which no file name can have");
  }
}

mode_t parse_mode(const std::string& mode) {
  const bool octal = std::ranges::all_of(mode, [](char digit) { return digit >= '0' && digit <= '7'; });
  if (!octal || mode.size() < 3 || mode.size() > 4) {
    throw Error("usage.argument",
                "mode " + describe(Value(mode)) + ": expected three or four octal digits, like \"0644\"");
  }
  return static_cast<mode_t>(std::stoul(mode, nullptr, 8));
}

std::string mode_text(mode_t mode) {
  std::string digits = "0000";
  for (std::size_t i = digits.size(); i-- > 0; mode >>= 3U) digits[i] = static_cast<char>('0' + (mode & 7U));
  return digits;
}

std::string quoted_path(const std::string& path) { return '"' + one_line(path, kShownPath) + '"'; }

Error file_error(const std::string& operation, const std::string& path, int number) {
  const auto refused = [&](const char* code, std::string message) {
    return refusal(code, operation, path, number, std::move(message));
  };
  switch (number) {
    case ENOENT:
      return refused("local.not_found", quoted_path(path) + " does not exist" + why_missing(path));
    case ENOTDIR: {
      const std::string part = not_a_directory(path);
      return refused("local.wrong_type",
                     "cannot " + operation + " " + quoted_path(path) + ": " + quoted_path(part) + " is no directory");
    }
    case EISDIR:
      return refused("local.wrong_type", "cannot " + operation + " " + quoted_path(path) + ": it is a directory");
    case EACCES:
    case EPERM:
      return refused("local.permission", permission_text(operation, path, number));
    case EROFS:
      return refused("local.read_only",
                     "cannot " + operation + " " + quoted_path(path) +
                         ": its file system is mounted read-only; see dmesg for why, remount it read-write, "
                         "or write elsewhere");
    case ENOSPC:
    case EDQUOT:
      return refused("local.no_space", space_text(path, number));
    default:
      return system_error(operation, path, number, "cannot " + operation + " " + quoted_path(path));
  }
}

Error parent_error(const std::string& operation, const std::string& path, int number) {
  const std::string parent = parent_of(path);
  if (number == EACCES || number == EPERM) return file_error("create anything in", parent, number);
  if (number != ENOENT) return file_error(operation, path, number);
  std::error_code unknown;
  if (std::filesystem::is_directory(parent, unknown)) {
    return refusal("local.wrong_type", operation, path, number,
                   "cannot " + operation + " " + quoted_path(path) + ": " + quoted_path(parent) +
                       " takes no new files (it is the kernel's own); run a program that writes into the old one, such "
                       "as tee");
  }
  return refusal("local.not_found", operation, path, number,
                 "cannot " + operation + " " + quoted_path(path) + ": " + quoted_path(parent) + " does not exist" +
                     why_missing(parent) + "; parents = true makes it");
}

std::string type_text(mode_t mode) {
  if (S_ISDIR(mode)) return "a directory";
  if (S_ISREG(mode)) return "a file";
  if (S_ISFIFO(mode)) return "a named pipe";
  if (S_ISSOCK(mode)) return "a socket";
  if (S_ISBLK(mode) || S_ISCHR(mode)) return "a device";
  return "no file";
}

Error wrong_type(const std::string& operation, const std::string& path, const std::string& what) {
  return refusal("local.wrong_type", operation, path, EINVAL,
                 "cannot " + operation + " " + quoted_path(path) + ": it is " + what);
}

void make_directories(const std::string& path, mode_t mode) {
  struct stat info = {};
  if (stat(path.c_str(), &info) == 0) {
    if (S_ISDIR(info.st_mode)) return;
    throw wrong_type("create", path, type_text(info.st_mode) + ", not a directory");
  }
  if (errno != ENOENT) throw file_error("create", path, errno);
  const std::string parent = parent_of(path);
  if (parent != path) make_directories(parent, 0755);
  if (mkdir(path.c_str(), mode) != 0 && errno != EEXIST) throw file_error("create", path, errno);
}

Ownership find_ownership(const std::optional<std::string>& owner, const std::optional<std::string>& group) {
  Ownership wanted;
  if (owner) wanted.uid = find_account(*owner).uid;
  if (group) wanted.gid = find_group(*group);
  return wanted;
}

const std::string& OwnerNames::user(uid_t uid) {
  const auto [entry, added] = users_.try_emplace(uid);
  if (added) entry->second = user_name(uid);
  return entry->second;
}

const std::string& OwnerNames::group(gid_t gid) {
  const auto [entry, added] = groups_.try_emplace(gid);
  if (added) entry->second = group_name(gid);
  return entry->second;
}

FileInfo describe_file(const std::string& path, const std::string& name, const struct stat& info, OwnerNames& names) {
  constexpr std::array kTypes{std::pair{S_IFREG, FileType::file},       std::pair{S_IFDIR, FileType::directory},
                              std::pair{S_IFLNK, FileType::link},       std::pair{S_IFIFO, FileType::fifo},
                              std::pair{S_IFSOCK, FileType::socket},    std::pair{S_IFBLK, FileType::block_device},
                              std::pair{S_IFCHR, FileType::char_device}};
  FileInfo file;
  file.path = path;
  file.name = name;
  file.type = FileType::other;
  for (const auto& [bits, type] : kTypes) {
    if ((info.st_mode & S_IFMT) == static_cast<mode_t>(bits)) file.type = type;
  }
  file.size = static_cast<std::uint64_t>(info.st_size);
  file.mode = mode_text(info.st_mode & 07777U);
  file.owner = names.user(info.st_uid);
  file.group = names.group(info.st_gid);
  file.mtime = static_cast<double>(info.st_mtim.tv_sec) + static_cast<double>(info.st_mtim.tv_nsec) / 1e9;
  if (file.type == FileType::link) {
    std::array<char, PATH_MAX> target;
    const auto size = readlink(path.c_str(), target.data(), target.size());
    if (size >= 0) file.target = std::string(target.data(), static_cast<std::size_t>(size));
  }
  return file;
}

}  // namespace opshost::local
