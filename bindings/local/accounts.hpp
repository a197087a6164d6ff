#pragma once
// Users and groups of this machine. All of it may read files or ask a directory service: call it on a blocking thread.
#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace opshost::local {

struct Account {
  std::string name;
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;  ///< all of them, the primary one included
  std::string home;
  std::string shell;
};

/// Throws Error("local.user_unknown") with the nearest name.
Account find_account(const std::string& name);
/// Throws Error("local.user_unknown") with the nearest name.
gid_t find_group(const std::string& name);

/// The name, or the number where it has none.
std::string user_name(uid_t uid);
std::string group_name(gid_t gid);

/// Whom we act as, for messages: "root", "deploy (uid 1000)".
std::string own_account();

}  // namespace opshost::local
