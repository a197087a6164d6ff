#include "host/base/names.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace {

using opshost::did_you_mean;
using opshost::nearest_name;

const std::vector<std::string> kOptions{"timeout", "accept", "cwd", "env", "max_output", "on_line"};

}  // namespace

TEST_CASE("nearest_name forgives a third of the letters") {
  CHECK(nearest_name("timout", kOptions) == "timeout");
  CHECK(nearest_name("tiemout", kOptions) == "timeout");  // a swap and a missing letter
  CHECK(nearest_name("timeouts", kOptions) == "timeout");
  CHECK(nearest_name("Timeout", kOptions) == "timeout");
  CHECK(nearest_name("tmieuot", kOptions) == "timeout");
  CHECK(nearest_name("cdw", kOptions) == "cwd");
  CHECK(nearest_name("evn", kOptions) == "env");
  CHECK(nearest_name("maxoutput", kOptions) == "max_output");
  CHECK(nearest_name("timeout", kOptions) == "timeout");
}

TEST_CASE("nearest_name says nothing where nothing is near") {
  CHECK(nearest_name("banana", kOptions) == std::nullopt);
  CHECK(nearest_name("c", kOptions) == std::nullopt);
  CHECK(nearest_name("cw", kOptions) == std::nullopt);   // a third of two letters is none
  CHECK(nearest_name("abd", kOptions) == std::nullopt);  // two away from cwd
  CHECK(nearest_name("", kOptions) == std::nullopt);
  CHECK(nearest_name("timeout", std::vector<std::string>{}) == std::nullopt);
}

TEST_CASE("nearest_name stops exactly beyond a third") {
  const std::vector<std::string> names{"abcdefghi"};
  CHECK(nearest_name("xyzdefghi", names) == "abcdefghi");
  CHECK(nearest_name("wxyzefghi", names) == std::nullopt);
  CHECK(nearest_name("abcdef", std::vector<std::string>{"abcdefgh"}) == "abcdefgh");
  CHECK(nearest_name("abcdef", std::vector<std::string>{"abcdefghi"}) == std::nullopt);
}

TEST_CASE("nearest_name takes the nearest, of equally near ones the first") {
  CHECK(nearest_name("web-03", std::vector<std::string>{"web-11", "web-13", "web-02"}) == "web-13");
  CHECK(nearest_name("web-03", std::vector<std::string>{"web-02", "web-13"}) == "web-02");
}

TEST_CASE("nearest_name is quick about a name of a megabyte") {
  CHECK(nearest_name(std::string(1'000'000, 'x'), kOptions) == std::nullopt);
}

TEST_CASE("did_you_mean") {
  CHECK(did_you_mean("timout", kOptions) == "; did you mean \"timeout\"?");
  CHECK(did_you_mean("banana", kOptions).empty());
}
