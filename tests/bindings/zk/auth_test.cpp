// Logins, which need a secret. Runs against the lab's ensemble.
#include <doctest/doctest.h>

#include <cstdlib>
#include <string>

#include "bindings/zk/client.hpp"
#include "tests/unit/fake_call.hpp"

using namespace opshost;
using namespace opshost::zk;

namespace {

std::shared_ptr<Client> connect(std::optional<DigestAuth> auth) {
  const char* hosts = std::getenv("LAB_ZK_CONNECT");
  REQUIRE(hosts != nullptr);
  ConnectOptions options;
  options.hosts = std::string(hosts);
  options.auth = std::move(auth);
  options.fresh = true;
  options.connect_timeout = 30s;
  return std::make_shared<Client>(Session::shared(options));
}

DigestAuth login(const std::string& password) { return {"operator", Secret(password, "a test")}; }

std::string code_of(test::Loop& loop, Awaitable<Node> awaitable) {
  try {
    loop.run(std::move(awaitable));
  } catch (const Error& error) {
    return error.code();
  }
  return "";
}

}  // namespace

TEST_CASE("who logs in as its creator is let to a node, others are not") {
  test::Loop loop;
  const auto owner = connect(login("tiger-lily"));
  const auto stranger = connect(std::nullopt);
  const auto impostor = connect(login("water-lily"));

  CreateOptions options;
  options.acl = AclPreset::creator;
  options.sequential = true;
  const auto path = loop.run(owner->create(loop.call(), "/auth-", "secret", options));
  CHECK(loop.run(owner->get(loop.call(), path)).data == "secret");
  CHECK(code_of(loop, stranger->get(loop.call(), path)) == "zk.no_auth");
  CHECK(code_of(loop, impostor->get(loop.call(), path)) == "zk.no_auth");

  const auto list = loop.run(owner->acl(loop.call(), path));
  REQUIRE(list.size() == 1);
  CHECK(list[0].scheme == "digest");
  CHECK(list[0].id.starts_with("operator:"));
  CHECK(list[0].permissions == "cdrwa");
  loop.run(owner->remove(loop.call(), path, {}));
}

TEST_CASE("sessions are shared by equal arguments, the login among them") {
  ConnectOptions options;
  options.hosts = std::string("127.0.0.1:1");
  const auto one = Session::shared(options);
  CHECK(Session::shared(options) == one);
  options.auth = login("tiger-lily");
  const auto other = Session::shared(options);
  CHECK(other != one);
  CHECK(Session::shared(options) == other);
  options.auth = login("water-lily");
  CHECK(Session::shared(options) != other);
  options.fresh = true;
  CHECK(Session::shared(options) != Session::shared(options));
}
