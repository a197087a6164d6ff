// How long the facts of a whole Ark site take, on the lab's one (LAB_ARK_SWARM), process start included.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <string>

#include "tests/bench/child.hpp"
#include "tests/bench/report.hpp"

namespace opshost::bench {

namespace {

constexpr int kRepeats = 5;
constexpr double kTargetSeconds = 1;

int measure(const std::string& opshost) {
  const char* swarm = std::getenv("LAB_ARK_SWARM");
  if (swarm == nullptr) give_up("LAB_ARK_SWARM is not set; run it as tests/support/in_lab ark -- ark_bench OPSHOST");
  const Words facts{opshost, "run", "ark.facts", std::string("tcp://") + swarm};
  run(facts);
  double best = std::numeric_limits<double>::infinity();
  double cpu = 0;
  for (int i = 0; i < kRepeats; ++i) {
    const Usage usage = run(facts);
    best = std::min(best, usage.wall_ms / 1e3);
    cpu += usage.cpu_ms / kRepeats;
  }
  Report report("Ark site");
  report.add({.name = "ark.facts of the whole site, warm", .value = best, .target = kTargetSeconds, .unit = "s"});
  report.remark("of that " + std::to_string(static_cast<int>(cpu)) +
                " ms are its own CPU time; the rest is what the site's engines take to run programs in containers");
  return report.exit_code();
}

}  // namespace

}  // namespace opshost::bench

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: ark_bench OPSHOST\n");
    return 2;
  }
  return opshost::bench::measure(argv[1]);
}
