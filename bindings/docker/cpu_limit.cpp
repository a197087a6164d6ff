#include "bindings/docker/cpu_limit.hpp"

#include <cmath>
#include <cstdint>

namespace opshost::docker {

namespace {
constexpr int kCpusSince = 1025;
constexpr std::int64_t kPeriodMicroseconds = 100'000;
}  // namespace

void add_cpu_limit(ValueMap& host, double cpus, int version) {
  if (version >= kCpusSince) {
    host.emplace_back("NanoCpus", static_cast<std::int64_t>(std::llround(cpus * 1e9)));
    return;
  }
  host.emplace_back("CpuPeriod", kPeriodMicroseconds);
  host.emplace_back("CpuQuota",
                    static_cast<std::int64_t>(std::llround(cpus * static_cast<double>(kPeriodMicroseconds))));
}

}  // namespace opshost::docker
