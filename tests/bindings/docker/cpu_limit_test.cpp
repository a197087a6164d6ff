#include "bindings/docker/cpu_limit.hpp"

#include <doctest/doctest.h>

#include "host/base/json_text.hpp"

using namespace opshost;
using namespace opshost::docker;

TEST_CASE("a limit of processor time, as the engine of each time takes it") {
  ValueMap now;
  add_cpu_limit(now, 1.5, 1025);
  CHECK(json_text(Value(now)) == R"({"NanoCpus":1500000000})");
  ValueMap then;
  add_cpu_limit(then, 1.5, 1024);
  CHECK(json_text(Value(then)) == R"({"CpuPeriod":100000,"CpuQuota":150000})");
}
