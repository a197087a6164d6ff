// What a container is made from again.
#include "bindings/docker/blueprint.hpp"

#include <doctest/doctest.h>

#include "host/base/json_text.hpp"
#include "host/json/record.hpp"

using namespace opshost;
using namespace opshost::docker;

namespace {

const std::string kId = "0123456789abcdef";

Blueprint made_of(const std::string& json) { return blueprint_of(json::read<Value>(json), kId); }
std::string host_config(const std::string& json) {
  return json_text(Value(map_at(Value(made_of(json).config), {"HostConfig"})));
}

}  // namespace

TEST_CASE("a volume without a name is named, whatever stands beside it") {
  const std::string mounted = R"("Mounts":[{"Type":"volume","Name":"v1","Destination":"/var/lib/mysql","RW":true}])";
  CHECK(host_config("{" + mounted + R"(,"HostConfig":{"Binds":["/f:/var/lib/mysql-files"]}})") ==
        R"({"Binds":["/f:/var/lib/mysql-files","v1:/var/lib/mysql"]})");
  CHECK(host_config("{" + mounted + R"(,"HostConfig":{"Binds":["data:/var/lib/mysql/:ro"]}})") ==
        R"({"Binds":["data:/var/lib/mysql/:ro"]})");
  CHECK(host_config("{" + mounted + R"(,"HostConfig":{"Binds":["/srv/x:/data:/var/lib/mysql"]}})") ==
        R"({"Binds":["/srv/x:/data:/var/lib/mysql","v1:/var/lib/mysql"]})");
  CHECK(host_config("{" + mounted + R"(,"HostConfig":{"Binds":["/var/lib/mysql"]}})") ==
        R"({"Binds":["v1:/var/lib/mysql"]})");
  CHECK(host_config("{" + mounted + R"(,"HostConfig":{"Binds":["/var/lib/mysql:rw"]}})") ==
        R"({"Binds":["v1:/var/lib/mysql"]})");
  CHECK(host_config("{" + mounted + R"(,"HostConfig":{}})") == R"({"Binds":["v1:/var/lib/mysql"]})");
}

TEST_CASE("a volume of Mounts gets its source; what is no volume is left alone") {
  CHECK(host_config(R"({"Mounts":[{"Type":"volume","Name":"v1","Destination":"/d","RW":false}],
                        "HostConfig":{"Mounts":[{"Type":"volume","Target":"/d/"}]}})") ==
        R"({"Mounts":[{"Type":"volume","Target":"/d/","Source":"v1"}]})");
  CHECK(host_config(R"({"Mounts":[{"Type":"volume","Name":"v1","Destination":"/d","RW":false},
                                  {"Type":"bind","Source":"/s","Destination":"/b"},{"Type":"tmpfs","Destination":"/t"}],
                        "HostConfig":{}})") == R"({"Binds":["v1:/d:ro"]})");
}

TEST_CASE("the network it was made with keeps its address, by name or by id") {
  const std::string joined = R"("NetworkSettings":{"Networks":{
    "net7":{"NetworkID":"77aa55","IPAMConfig":{"IPv4Address":"10.0.7.9"},"Aliases":["0123456789ab","db"],"Gateway":"g"},
    "other":{"NetworkID":"88bb","IPAMConfig":null,"Aliases":null}}})";
  const std::string first =
      R"({"EndpointsConfig":{"net7":{"IPAMConfig":{"IPv4Address":"10.0.7.9"},"Aliases":["db"]}}})";
  for (const std::string mode : {"net7", "77aa55", "77aa"}) {
    CAPTURE(mode);
    const auto blueprint = made_of("{" + joined + R"(,"HostConfig":{"NetworkMode":")" + mode + "\"}}");
    CHECK(json_text(*at(Value(blueprint.config), {"NetworkingConfig"})) == first);
    CHECK(blueprint.more_networks.size() == 1);
    CHECK(blueprint.more_networks.count("other") == 1);
  }
  for (const std::string mode : {"host", "none", "container:77aa55"}) {
    CAPTURE(mode);
    const auto blueprint = made_of("{" + joined + R"(,"HostConfig":{"NetworkMode":")" + mode + "\"}}");
    CHECK(at(Value(blueprint.config), {"NetworkingConfig"}) == nullptr);
    CHECK(blueprint.more_networks.empty());
  }
}

TEST_CASE("a fixed MAC address stays where the engine tells of one, and one it made up is left to it") {
  const std::string joined = R"("HostConfig":{"NetworkMode":"net7"},"NetworkSettings":{"Networks":{
    "net7":{"NetworkID":"77aa55","MacAddress":"02:42:0a:00:07:09"}}})";
  const auto fixed = made_of(R"({"Config":{"MacAddress":"02:42:0a:00:07:09"},)" + joined + "}");
  CHECK(text_at(Value(fixed.config), {"MacAddress"}) == "02:42:0a:00:07:09");
  const auto made_up = made_of(R"({"Config":{},)" + joined + "}");
  CHECK(at(Value(made_up.config), {"MacAddress"}) == nullptr);
  CHECK(json_text(*at(Value(made_up.config), {"NetworkingConfig"})) == R"({"EndpointsConfig":{"net7":{}}})");
}

TEST_CASE("what belongs to the one whose network or host name it shares is not asked for") {
  const std::string config = R"("Config":{"Hostname":"h","Domainname":"d","ExposedPorts":{"80/tcp":{}},"User":"u"})";
  const auto config_with = [&](const std::string& host) {
    auto blueprint = made_of("{" + config + R"(,"HostConfig":)" + host + "}");
    std::erase_if(blueprint.config, [](const auto& entry) { return entry.first == "HostConfig"; });
    return json_text(Value(blueprint.config));
  };
  CHECK(config_with(R"({"NetworkMode":"none"})") == config.substr(9));
  CHECK(config_with(R"({"NetworkMode":"container:main"})") == R"({"User":"u"})");
  CHECK(config_with(R"({"NetworkMode":"host","UTSMode":"host"})") == R"({"ExposedPorts":{"80/tcp":{}},"User":"u"})");
}

TEST_CASE("a host name that the engine made from the id is left to the engine") {
  const auto blueprint = made_of(R"({"Config":{"Hostname":"0123456789ab","Domainname":""},"HostConfig":{}})");
  CHECK(at(Value(blueprint.config), {"Hostname"}) == nullptr);
}
