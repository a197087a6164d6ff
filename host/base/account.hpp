#pragma once
// Users of this machine, by their number.
#include <sys/types.h>

#include <optional>
#include <string>

namespace opshost {

struct Account {
  std::string name;
  std::string home;
};

/// What the user database says of this user; nullopt: nothing. May ask a directory service. Any thread may call it,
/// unlike getpwuid, whose answer the next caller overwrites.
std::optional<Account> find_account_with_id(uid_t uid);

}  // namespace opshost
