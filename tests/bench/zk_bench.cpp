// ZooKeeper: requests from fibers beside a plain program around the same library and beside kazoo, in CPU time of the
// client. zk_bench OPSHOST; brings an ensemble of the lab up for itself.
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "tests/bench/child.hpp"
#include "tests/bench/report.hpp"

namespace opshost::bench {

namespace {

struct Clients {
  std::string opshost;
  std::string hosts;
};

Words ours(const Clients& clients, const Words& arguments) {
  Words command{clients.opshost, "run", OPSHOST_BENCH_SCRIPTS "/zk.lua", clients.hosts};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return command;
}
Words raw(const Clients& clients, const Words& arguments) {
  Words command{OPSHOST_ZK_RAW, clients.hosts};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return command;
}
Words kazoo(const Clients& clients, const Words& arguments) {
  Words command{"/usr/bin/python3", OPSHOST_ZK_KAZOO, clients.hosts};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return command;
}

/// Microseconds of CPU a request, without what begins and ends the process.
struct PerRequest {
  double ours = 1e9;
  double raw = 1e9;
  double kazoo = 1e9;
};

PerRequest measure(const Clients& clients, const std::string& operation, int count, int window) {
  const auto number = std::to_string(count);
  const auto at_once = std::to_string(window);
  const auto above = [&](const auto& client) {
    const double all = run(client(clients, Words{operation, number, at_once})).cpu_ms;
    const double none = run(client(clients, Words{operation, "0", at_once})).cpu_ms;
    return (all - none) * 1e3 / count;
  };
  PerRequest least;
  constexpr int kRounds = 3;
  for (int round = 0; round < kRounds; ++round) {
    least.ours = std::min(least.ours, above(ours));
    least.raw = std::min(least.raw, above(raw));
    least.kazoo = std::min(least.kazoo, above(kazoo));
  }
  return least;
}

void report_requests(const Clients& clients, Report& report) {
  constexpr double kPipelined = 1.3;
  constexpr double kSequential = 1.15;
  constexpr double kKazooGets = 2.4;
  constexpr double kKazooCreates = 6.5;
  const auto gets = measure(clients, "get", 30'000, 500);
  const auto creates = measure(clients, "create", 15'000, 500);
  const auto sequential = measure(clients, "get", 4'000, 1);
  report.add({"a get, 500 fibers", gets.ours, gets.raw * kPipelined, "us CPU", Alternative{"plain program", gets.raw}});
  report.add({"a create, 500 fibers", creates.ours, creates.raw * kPipelined, "us CPU",
              Alternative{"plain program", creates.raw}});
  report.add({"a get, one after the other", sequential.ours, sequential.raw * kSequential, "us CPU",
              Alternative{"plain program", sequential.raw}});
  report.add({"a get, 500 fibers", gets.ours, gets.kazoo / kKazooGets, "us CPU", Alternative{"kazoo", gets.kazoo}});
  report.add({"a create, 500 fibers", creates.ours, creates.kazoo / kKazooCreates, "us CPU",
              Alternative{"kazoo", creates.kazoo}});
}

void report_walk(const Clients& clients, Report& report) {
  constexpr double kKazooWalk = 6;
  constexpr double kFlatMib = 12;
  run(ours(clients, {"tree", "/walk", "100"}));
  run(ours(clients, {"tree", "/small", "1"}));
  const auto walked = run(ours(clients, {"walk", "/walk", "1"}));
  const auto small = run(ours(clients, {"walk", "/small", "1"}));
  const auto by_kazoo = run(kazoo(clients, {"walk", "/walk", "1"}));
  report.add({"a walk of 100,000 nodes", walked.cpu_ms, by_kazoo.cpu_ms / kKazooWalk, "ms CPU",
              Alternative{"kazoo", by_kazoo.cpu_ms}});
  report.add({"its memory above a walk of 1,000 nodes", walked.resident_mib - small.resident_mib, kFlatMib, "MiB",
              Alternative{"kazoo's whole process", by_kazoo.resident_mib}});
  report.remark("wall: " + number_text(walked.wall_ms) + " ms, kazoo " + number_text(by_kazoo.wall_ms) + " ms");
}

}  // namespace

}  // namespace opshost::bench

int main(int argc, char** argv) {
  using namespace opshost::bench;
  if (argc != 2) give_up("usage: zk_bench OPSHOST");
  const char* hosts = std::getenv("LAB_ZK_CONNECT");
  if (hosts == nullptr) {
    execl(OPSHOST_IN_LAB, OPSHOST_IN_LAB, "zk", "--", argv[0], argv[1], nullptr);
    give_up("cannot start " OPSHOST_IN_LAB);
  }
  const Clients clients{argv[1], hosts};
  Report report("ZooKeeper");
  report_requests(clients, report);
  report_walk(clients, report);
  return report.exit_code();
}
