#include "bindings/zk/permissions.hpp"

#include <array>
#include <utility>

namespace opshost::zk {

namespace {

// In the order ZooKeeper's command line writes them.
constexpr std::array<std::pair<char, int>, 5> kLetters{{{'c', 4}, {'d', 8}, {'r', 1}, {'w', 2}, {'a', 16}}};

int permissions_from(const std::string& letters) {
  int permissions = 0;
  for (const char letter : letters) {
    int bit = 0;
    for (const auto& [known, value] : kLetters) {
      if (known == letter) bit = value;
    }
    if (bit == 0) {
      throw Error("usage.argument", "acl: " + describe(Value(letters)) +
                                        " are no permissions; they are letters of \"rwcda\": read, write, create, "
                                        "delete, admin");
    }
    permissions |= bit;
  }
  return permissions;
}

std::vector<AclEntry> entries_of(const Acl& acl) {
  if (const auto* entries = std::get_if<std::vector<AclEntry>>(&acl)) return *entries;
  switch (std::get<AclPreset>(acl)) {
    case AclPreset::creator:
      return {{"auth", "", "cdrwa"}};
    case AclPreset::read:
      return {{"world", "anyone", "r"}};
    case AclPreset::open:
      break;
  }
  return {{"world", "anyone", "cdrwa"}};
}

}  // namespace

std::string permission_letters(int permissions) {
  std::string letters;
  for (const auto& [letter, bit] : kLetters) {
    if ((permissions & bit) != 0) letters += letter;
  }
  return letters;
}

LibraryAcl::LibraryAcl(const Acl& acl) : entries_(entries_of(acl)) {
  if (entries_.empty())
    throw Error("usage.argument", "acl: an empty list lets nobody do anything, which no server takes");
  for (auto& entry : entries_) {
    lines_.push_back({permissions_from(entry.permissions), {entry.scheme.data(), entry.id.data()}});
  }
  vector_ = {static_cast<int>(lines_.size()), lines_.data()};
}

}  // namespace opshost::zk
