// JSON into declared records and Values, without Lua.
#include <doctest/doctest.h>

#include "host/base/error.hpp"
#include "host/base/json_text.hpp"
#include "host/json/record.hpp"

namespace opshost::test_json {

enum class Health : std::uint8_t { healthy, unhealthy };
OPSHOST_ENUM(Health, "What its probe said", (healthy, "healthy"), (unhealthy, "unhealthy"))

struct Port {
  std::uint16_t private_port = 0;
  std::optional<std::string> ip{};
};
OPSHOST_RECORD(Port, "A port", (private_port, "inside"), (ip, "where it listens"))

struct Container {
  std::string id{};
  std::vector<std::string> names{};
  std::vector<Port> ports{};
  std::map<std::string, std::string> labels{};
  std::optional<Port> main_port{};
  std::optional<Health> health{};
  std::int64_t exit_code = -1;
  std::uint64_t size = 0;
  double load = 0;
  bool running = false;
  Duration uptime{};
  Size memory{};
  Value config{};
};
OPSHOST_RECORD(Container, "A container", (id, "its id", required), (names, "its names"), (ports, "its ports"),
               (labels, "its labels"), (main_port, "the first"), (health, "its health"), (exit_code, "how it ended"),
               (size, "bytes"), (load, "load"), (running, "does it run"), (uptime, "since it began"),
               (memory, "its limit"), (config, "all else"))

std::string problem_of(const std::string& text) {
  try {
    json::read<Container>(text, "answer");
    return "none";
  } catch (const Error& error) {
    return error.message() + " [" + error.code() + "]";
  }
}

}  // namespace opshost::test_json

using namespace opshost;
using namespace opshost::test_json;

TEST_CASE("an integer beyond 32 bits is one all the same") {
  CHECK(json::read<Container>(R"({"Id": "a", "ExitCode": 1795751676304278704})").exit_code == 1795751676304278704);
  CHECK(json::read<Container>(R"({"Id": "a", "ExitCode": -1795751676304278704})").exit_code == -1795751676304278704);
  CHECK(json::read<Container>(R"({"Id": "a", "size": 1795751676304278704})").size == 1795751676304278704);
  CHECK(problem_of(R"({"Id": "a", "ExitCode": 9223372036854775808})") ==
        "answer:1:25: ExitCode: expected integer, got number 9223372036854775808 [data.mismatch]");
}

TEST_CASE("a server's spelling finds the declared fields; what nobody declared is passed over") {
  const auto container = json::read<Container>(R"({
    "Id": "abc", "Names": ["/web", "/alias"], "Labels": {"a": "1", "b": "2"}, "ExitCode": 137, "size": 18446744073709551615,
    "Ports": [{"PrivatePort": 80, "IP": "0.0.0.0", "Type": "tcp"}, {"PrivatePort": 443}],
    "mainPort": {"private_port": 8080}, "Health": "unhealthy", "Load": 2, "RUNNING": true, "Uptime": "1m30s",
    "Memory": "2GiB", "Unknown": {"deep": [1, {"Id": 5}]}, "Config": {"b": [1, null, "x"], "a": null, "c": {"d": 1.5}}})");
  CHECK(container.id == "abc");
  CHECK(container.names == std::vector<std::string>{"/web", "/alias"});
  CHECK(container.labels == std::map<std::string, std::string>{{"a", "1"}, {"b", "2"}});
  REQUIRE(container.ports.size() == 2);
  CHECK(container.ports[0].private_port == 80);
  CHECK(container.ports[0].ip == "0.0.0.0");
  CHECK(container.ports[1].ip == std::nullopt);
  REQUIRE(container.main_port);
  CHECK(container.main_port->private_port == 8080);
  CHECK(container.health == Health::unhealthy);
  CHECK(container.exit_code == 137);
  CHECK(container.size == 18446744073709551615U);
  CHECK(container.load == 2.0);
  CHECK(container.running);
  CHECK(container.uptime == std::chrono::seconds(90));
  CHECK(container.memory == 2_GiB);
  CHECK(json_text(container.config) == R"({"b":[1,null,"x"],"c":{"d":1.5}})");
}

TEST_CASE("null is like absent") {
  const auto container = json::read<Container>(
      R"({"Id": "x", "Names": null, "Labels": null, "MainPort": null, "Health": null, "ExitCode": null, "Config": null})");
  CHECK(container.names.empty());
  CHECK(container.exit_code == -1);
  CHECK(!container.main_port);
  CHECK(container.config.is_null());
}

TEST_CASE("a document of another shape names the place, what was expected and what was there") {
  CHECK(problem_of("[]") == "answer:1:1: expected Container, got a list [data.mismatch]");
  CHECK(problem_of("5") == "answer:1:1: expected Container, got number 5 [data.mismatch]");
  CHECK(problem_of("{}") == R"(answer:1:2: the field "id" is missing [data.mismatch])");
  CHECK(problem_of(R"({"Id": 5})") == "answer:1:8: Id: expected string, got number 5 [data.mismatch]");
  CHECK(problem_of("{\"Id\": \"a\",\n \"Ports\": [{\"PrivatePort\": 80}, {\"PrivatePort\": 70000}]}") ==
        "answer:2:49: Ports[2].PrivatePort: expected integer, got number 70000 [data.mismatch]");
  CHECK(problem_of(R"({"Id": "a", "Names": {"x": 1}})") ==
        "answer:1:22: Names: expected string[], got an object [data.mismatch]");
  CHECK(problem_of(R"({"Id": "a", "Names": "web"})") ==
        R"(answer:1:22: Names: expected string[], got string "web" [data.mismatch])");
  CHECK(problem_of(R"({"Id": "a", "Health": "fine"})") ==
        R"(answer:1:23: Health: expected Health, got string "fine" [data.mismatch])");
  CHECK(problem_of(R"({"Id": "a", "Running": "yes"})") ==
        R"(answer:1:24: Running: expected boolean, got string "yes" [data.mismatch])");
  CHECK(problem_of(R"({"Id": "a", "ExitCode": 1.5})") ==
        "answer:1:25: ExitCode: expected integer, got number 1.5 [data.mismatch]");
}

TEST_CASE("syntax, duplicates and depth are refused as everywhere") {
  CHECK(problem_of(R"({"Id": "a",)") ==
        "answer:1:12: the text ends too early: a name in quotes is expected here [data.syntax]");
  CHECK(problem_of(R"({"Id": "a", "Config": {"k": 1, "k": 2}})") ==
        R"(answer:1:32: the name "k" stands in this object already [data.duplicate_key])");
  std::string many = R"({"Id": "a")";
  for (int i = 0; i < 100; ++i) many += ", \"x" + std::to_string(i) + "\": {\"y\": 1}";
  CHECK(problem_of(many + "}") == "none");
  CHECK(problem_of(many + ",\n\"x50\": 0}") ==
        R"(answer:2:1: the name "x50" stands in this object already [data.duplicate_key])");
  CHECK(problem_of(R"({"Id": "a", "Skipped": )" + std::string(100000, '[')) ==
        "answer:1:523: nested deeper than 500 levels [data.limit]");
  CHECK(problem_of(R"({"Id": "a", "Config": 18446744073709551616})") ==
        "answer:1:23: an integer of more than 64 bits would lose digits; write it as a text [data.number]");
}

TEST_CASE("lists, maps and values stand alone too") {
  CHECK(json::read<std::vector<int>>("[1, 2, 3]") == std::vector<int>{1, 2, 3});
  CHECK(json::read<std::map<std::string, double>>(R"({"a": 0.1})").at("a") == 0.1);
  CHECK(json_text(json::read<Value>(R"({"z": [true, "\u00e9", -5, 1e3], "a": {}})")) ==
        R"({"z":[true,"é",-5,1000],"a":{}})");
  CHECK(json::read<std::optional<bool>>("null") == std::nullopt);
}

TEST_CASE("names are the same whatever their case and underscores") {
  CHECK(json::same_name("ExitCode", "exit_code"));
  CHECK(json::same_name("exitCode", "exit_code"));
  CHECK(json::same_name("EXIT__CODE_", "exit_code"));
  CHECK_FALSE(json::same_name("ExitCod", "exit_code"));
  CHECK_FALSE(json::same_name("ExitCodes", "exit_code"));
  CHECK_FALSE(json::same_name("", "exit_code"));
}
