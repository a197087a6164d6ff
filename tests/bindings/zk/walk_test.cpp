// How much a walk holds. Runs against the lab's ensemble.
#include "bindings/zk/walk.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <string>

#include "bindings/zk/client.hpp"
#include "bindings/zk/delete_tree.hpp"
#include "tests/unit/fake_call.hpp"

using namespace opshost;
using namespace opshost::zk;

namespace {

constexpr int kParents = 60;
constexpr int kChildren = 1000;

SessionPtr connect() {
  const char* hosts = std::getenv("LAB_ZK_CONNECT");
  REQUIRE(hosts != nullptr);
  ConnectOptions options;
  options.hosts = std::string(hosts);
  options.fresh = true;
  options.connect_timeout = 30s;
  return Session::shared(options);
}

/// kParents nodes with kChildren each, a parent at a time.
std::string make_tree(test::Loop& loop, const SessionPtr& session) {
  CreateOptions numbered;
  numbered.sequential = true;
  const auto root = loop.run(create_node(loop.call(), session, "/walk-", "", numbered));
  for (int parent = 0; parent < kParents; ++parent) {
    const auto path = root + "/p" + std::to_string(100 + parent);
    std::vector<TransactionStep> steps{{.op = StepKind::create, .path = path}};
    for (int child = 0; child < kChildren; ++child)
      steps.push_back({.op = StepKind::create, .path = path + "/c" + std::to_string(1000 + child)});
    loop.run(run_transaction(loop.call(), session, std::move(steps)));
  }
  return root;
}

}  // namespace

TEST_CASE("a walk over nodes with many children holds the names of a part of them") {
  test::Loop loop;
  const auto session = connect();
  const auto root = make_tree(loop, session);
  Walk walk(session, root, false);
  std::size_t most = 0;
  int met = 0;
  while (loop.run(walk.next(loop.call()))) {
    ++met;
    most = std::max(most, walk.names_held());
  }
  CHECK(met == 1 + kParents * (kChildren + 1));
  // 16384 names ahead, the children of the node it is at, the parents.
  CHECK(most < 16384 + kChildren + kParents + 1);
  CHECK(most > kChildren);
  loop.run(delete_tree(loop.call(), session, root, std::nullopt));
}
