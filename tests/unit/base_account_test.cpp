#include "host/base/account.hpp"

#include <doctest/doctest.h>

#include <future>

namespace opshost {

TEST_CASE("a user is found by number, by several threads at once") {
  const auto look = [] {
    for (int i = 0; i < 100; ++i) {
      const auto root = find_account_with_id(0);
      if (!root || root->name != "root" || root->home != "/root") return false;
    }
    return true;
  };
  auto other = std::async(std::launch::async, look);
  CHECK(look());
  CHECK(other.get());
}

TEST_CASE("a number that no user has") { CHECK(!find_account_with_id(4'000'000'000)); }

}  // namespace opshost
