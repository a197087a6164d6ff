#include "bindings/zk/hosts.hpp"

#include <doctest/doctest.h>

#include <string>

#include "bindings/zk/permissions.hpp"
#include "bindings/zk/tag.hpp"

using namespace opshost;
using namespace opshost::zk;

namespace {
std::string parsed(const Hosts& hosts) {
  std::string text;
  for (const auto& server : parse_hosts(hosts)) text += text_of(server) + ' ';
  return text;
}
std::string hosts_refusal(const Hosts& hosts) {
  try {
    return parsed(hosts);
  } catch (const Error& error) {
    CHECK(error.code() == "usage.argument");
    return error.message();
  }
}
std::string round_trip(const std::string& letters) {
  const LibraryAcl acl(std::vector<AclEntry>{{"world", "anyone", letters}});
  return permission_letters(acl.get()->data[0].perms);
}
}  // namespace

TEST_CASE("servers are named in a text or a list, with a port or without") {
  CHECK(parsed("zk1") == "zk1:2181 ");
  CHECK(parsed("zk1:1, zk2:65535 ,10.0.0.1") == "zk1:1 zk2:65535 10.0.0.1:2181 ");
  CHECK(parsed(std::vector<std::string>{"a", "b:1,c"}) == "a:2181 b:1 c:2181 ");
  CHECK(parsed("[::1]:1") == "[::1]:1 ");
  CHECK(parsed("[::1]") == "[::1]:2181 ");
  CHECK(parsed("fe80::1") == "[fe80::1]:2181 ");
}

TEST_CASE("what names no server is refused") {
  CHECK(hosts_refusal("") == "hosts: \"\" names no server");
  CHECK(hosts_refusal("a,,b") == "hosts: \"\" names no server");
  CHECK(hosts_refusal(":2181") == "hosts: \":2181\" has no host before its \":\"");
  CHECK(hosts_refusal("a:") == "hosts: \"a:\" has no port from 1 to 65535 after its \":\"");
  CHECK(hosts_refusal("a:65536") == "hosts: \"a:65536\" has no port from 1 to 65535 after its \":\"");
  CHECK(hosts_refusal("a:12x") == "hosts: \"a:12x\" has no port from 1 to 65535 after its \":\"");
  CHECK(hosts_refusal("[::1") == "hosts: \"[::1\" has a \"[\" without its \"]\"");
  CHECK(hosts_refusal("[::1]2") == "hosts: \"[::1]2\" has something else than \":\" and a port after its \"]\"");
  CHECK(hosts_refusal("[]:1") == "hosts: \"[]:1\" names no server");
  for (const char* odd : {"zk1 zk2", "::1]2", "a\n", "[[::1]:2"})
    CHECK(hosts_refusal(odd).find("has a character in it that no host's name has") != std::string::npos);
  CHECK(hosts_refusal("a/b") == "hosts: \"a/b\" has a path in it; say chroot = \"/...\" for that");
}

TEST_CASE("permissions in letters and back") {
  CHECK(round_trip("rwcda") == "cdrwa");
  CHECK(round_trip("r") == "r");
  CHECK(round_trip("aa") == "a");
  CHECK_THROWS_AS(round_trip("rx"), Error);
  CHECK_THROWS_AS(LibraryAcl(std::vector<AclEntry>{}), Error);
  CHECK(LibraryAcl(AclPreset::creator).get()->data[0].id.scheme == std::string("auth"));
  CHECK(LibraryAcl(AclPreset::read).get()->data[0].perms == 1);
}

TEST_CASE("tags are found in names that have one") {
  const auto tag = new_tag();
  CHECK(tag != new_tag());
  CHECK(tag_of(tag + "lock-0000000001") == tag);
  CHECK(tag_of(tag) == tag);
  CHECK(tag_of(tag.substr(0, tag.size() - 1)).empty());
  CHECK(tag_of("lock-0000000001").empty());
  CHECK(tag_of("_c_0123456789abcdef0123456789abcdeX-a").empty());
}
