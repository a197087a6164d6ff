#include "bindings/local/accounts.hpp"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <memory>
#include <utility>

#include "bindings/local/system_error.hpp"
#include "host/base/account.hpp"
#include "host/base/error.hpp"
#include "host/base/names.hpp"

namespace opshost::local {

namespace {

/// Grows the buffer of a getpw*_r or getgr*_r call until the entry fits. nullptr: no such entry.
template <class Entry, class Ask>
const Entry* look_up(Entry& entry, std::vector<char>& buffer, const Ask& ask) {
  buffer.resize(1024);
  for (;;) {
    Entry* found = nullptr;
    const int error = ask(&entry, buffer.data(), buffer.size(), &found);
    if (error == EINTR) continue;
    if (error != ERANGE) return found;
    buffer.resize(buffer.size() * 2);
  }
}

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

std::string entry_name(const passwd& entry) { return entry.pw_name; }
std::string entry_name(const group& entry) { return entry.gr_name; }

/// The names of /etc/passwd or /etc/group, for "did you mean"; those of a directory service are too many to list.
template <class Entry, class Next>
std::vector<std::string> account_names(const char* path, const Next& next) {
  std::vector<std::string> names;
  const std::unique_ptr<std::FILE, CloseFile> file(std::fopen(path, "re"));
  if (!file) return names;
  std::vector<char> buffer(1U << 16U);
  Entry entry{};
  Entry* found = nullptr;
  while (next(file.get(), &entry, buffer.data(), buffer.size(), &found) == 0) names.push_back(entry_name(entry));
  return names;
}

std::vector<gid_t> groups_of(const passwd& entry) {
  int count = 32;
  std::vector<gid_t> groups(static_cast<std::size_t>(count));
  while (getgrouplist(entry.pw_name, entry.pw_gid, groups.data(), &count) < 0) {
    groups.resize(static_cast<std::size_t>(count));
  }
  groups.resize(static_cast<std::size_t>(count));
  return groups;
}

}  // namespace

Account find_account(const std::string& name) {
  passwd entry{};
  std::vector<char> buffer;
  const passwd* found = look_up(entry, buffer, [&](auto... rest) { return getpwnam_r(name.c_str(), rest...); });
  if (found == nullptr) {
    const auto known = account_names<passwd>("/etc/passwd", fgetpwent_r);
    throw refusal("local.user_unknown", "look up", name, ENOENT,
                  "this machine has no user \"" + name + '"' + did_you_mean(name, known));
  }
  return {found->pw_name, found->pw_uid, found->pw_gid, groups_of(*found), found->pw_dir, found->pw_shell};
}

gid_t find_group(const std::string& name) {
  group entry{};
  std::vector<char> buffer;
  const group* found = look_up(entry, buffer, [&](auto... rest) { return getgrnam_r(name.c_str(), rest...); });
  if (found != nullptr) return found->gr_gid;
  const auto known = account_names<group>("/etc/group", fgetgrent_r);
  throw refusal("local.user_unknown", "look up", name, ENOENT,
                "this machine has no group \"" + name + '"' + did_you_mean(name, known));
}

std::string user_name(uid_t uid) {
  const auto account = find_account_with_id(uid);
  return account ? account->name : std::to_string(uid);
}

std::string group_name(gid_t gid) {
  group entry{};
  std::vector<char> buffer;
  const group* found = look_up(entry, buffer, [&](auto... rest) { return getgrgid_r(gid, rest...); });
  return found != nullptr ? found->gr_name : std::to_string(gid);
}

std::string own_account() {
  const uid_t uid = geteuid();
  return uid == 0 ? "root" : user_name(uid) + " (uid " + std::to_string(uid) + ")";
}

}  // namespace opshost::local
