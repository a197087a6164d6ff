// write_file: the old content or the new, whole and durable, never anything between.
#include <fcntl.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <utility>

#include "bindings/local/accounts.hpp"
#include "bindings/local/file_work.hpp"
#include "bindings/local/files.hpp"
#include "bindings/local/nearest_file.hpp"
#include "bindings/local/system_error.hpp"
#include "host/base/descriptor.hpp"
#include "host/base/follow_links.hpp"
#include "host/base/sync_folder.hpp"

namespace opshost::local {

namespace {

constexpr mode_t kModeOfNewFile = 0644;
constexpr std::size_t kWritePiece = 1U << 20U;

/// Replacing a link by a file would surprise whoever made it.
std::string end_of_links(const std::string& path) {
  auto target = follow_links(path);
  if (!target) throw file_error("write", path, errno);
  return std::move(*target);
}

/// A new file beside the one it is to replace, gone again unless it did.
class Replacement {
 public:
  explicit Replacement(const std::string& target) : target_(target) {
    constexpr std::size_t kLongestName = 200;  // of 255, with room for ours
    path_ = joined(parent_of(target), "." + name_of(target).substr(0, kLongestName) + ".opshost-XXXXXX");
    file_ = Descriptor(mkostemp(path_.data(), O_CLOEXEC));
    if (!file_) throw parent_error("write", target, errno);
  }
  ~Replacement() {
    if (file_) unlink(path_.c_str());
  }
  Replacement(const Replacement&) = delete;
  Replacement& operator=(const Replacement&) = delete;

  void write(std::string_view content, const StopFlag& flag) {
    while (!content.empty()) {
      flag.check();
      const auto size = ::write(file_.get(), content.data(), std::min(content.size(), kWritePiece));
      if (size < 0 && errno == EINTR) continue;
      if (size < 0) fail(errno);
      content.remove_prefix(static_cast<std::size_t>(size));
    }
  }

  /// -1 in `wanted` keeps what is.
  void set_owner(const Ownership& wanted) {
    struct stat now = {};
    if (fstat(file_.get(), &now) != 0) fail(errno);
    const auto none = Ownership();
    const bool other_user = wanted.uid != none.uid && wanted.uid != now.st_uid;
    const bool other_group = wanted.gid != none.gid && wanted.gid != now.st_gid;
    if (!other_user && !other_group) return;
    if (fchown(file_.get(), wanted.uid, wanted.gid) == 0) return;
    const std::string whom = (other_user ? user_name(wanted.uid) : std::string()) +
                             (other_group ? ":" + group_name(wanted.gid) : std::string());
    if (errno != EPERM) fail(errno);
    throw refusal("local.permission", "chown", target_, EPERM,
                  own_account() + " may not give " + quoted_path(target_) + " to " + whom +
                      ": only root can, so run opshost as root or write it as " + whom);
  }
  void set_mode(mode_t mode) {
    if (fchmod(file_.get(), mode) != 0) fail(errno);
  }

  /// ACLs, security labels and the like, as far as this file system and our rights go; the mode is set already.
  void copy_attributes_of_target() {
    std::string names(1U << 16U, '\0');
    const auto size = listxattr(target_.c_str(), names.data(), names.size());
    names.resize(static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
    std::string value(1U << 16U, '\0');
    for (std::size_t at = 0; at < names.size(); at += std::string_view(&names[at]).size() + 1) {
      const auto length = getxattr(target_.c_str(), &names[at], value.data(), value.size());
      if (length < 0) continue;
      if (fsetxattr(file_.get(), &names[at], value.data(), static_cast<std::size_t>(length), 0) != 0 &&
          !may_lack(errno)) {
        fail(errno);
      }
    }
  }

  /// From here on it is the file.
  void take_place() {
    if (fsync(file_.get()) != 0) fail(errno);
    if (rename(path_.c_str(), target_.c_str()) != 0) fail(errno);
    file_.reset();
    if (const int error = sync_folder(parent_of(target_)); error != 0) fail(error);
  }

 private:
  static bool may_lack(int error) { return error == ENOTSUP || error == EPERM || error == EACCES; }
  [[noreturn]] void fail(int error) const { throw file_error("write", target_, error); }

  std::string target_;
  std::string path_;
  Descriptor file_;
};

struct WritePlan {
  std::string path;
  std::string content;
  WriteFileOptions options;
};

void write_whole(const WritePlan& plan, const StopFlag& flag) {
  const WriteFileOptions& options = plan.options;
  Ownership owner = find_ownership(options.owner, options.group);
  const std::string target = end_of_links(plan.path);
  struct stat before = {};
  const bool exists = stat(target.c_str(), &before) == 0;
  if (!exists && errno != ENOENT) throw file_error("write", target, errno);
  if (exists && !S_ISREG(before.st_mode))
    throw wrong_type("write", plan.path, type_text(before.st_mode) + ", not a file");
  if (exists && !options.owner) owner.uid = before.st_uid;
  if (exists && !options.group) owner.gid = before.st_gid;
  if (options.parents) make_directories(parent_of(target), 0755);
  const mode_t mode = options.mode ? parse_mode(*options.mode) : exists ? before.st_mode & 07777U : kModeOfNewFile;

  Replacement replacement(target);
  replacement.write(plan.content, flag);
  replacement.set_owner(owner);
  replacement.set_mode(mode);  // after the owner, whose change takes setuid bits away
  if (exists) replacement.copy_attributes_of_target();
  if (exists && options.mode) replacement.set_mode(mode);  // an ACL that was copied brought its own
  flag.check();
  replacement.take_place();
}

}  // namespace

Awaitable<void> write_file(Call& call, std::string path, std::string content, WriteFileOptions options) {
  check_path(path);
  if (options.mode) parse_mode(*options.mode);
  if (path.ends_with('/'))
    throw Error("usage.argument", "the path " + quoted_path(path) + " names a directory, not a file");
  auto work = [plan = WritePlan{std::move(path), std::move(content), std::move(options)}](const StopFlag& flag) {
    write_whole(plan, flag);
  };
  co_await on_file_thread(call, std::move(work));
}

}  // namespace opshost::local
