#include "host/base/account.hpp"

#include <pwd.h>

#include <cerrno>
#include <vector>

namespace opshost {

std::optional<Account> find_account_with_id(uid_t uid) {
  passwd entry{};
  passwd* found = nullptr;
  std::vector<char> buffer(1024);
  int error = EINTR;
  while (error == EINTR || error == ERANGE) {
    if (error == ERANGE) buffer.resize(buffer.size() * 2);
    error = getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found);
  }
  if (found == nullptr) return std::nullopt;
  return Account{found->pw_name, found->pw_dir};
}

}  // namespace opshost
