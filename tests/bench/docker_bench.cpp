// Docker: what a call costs beside the docker command, many at once beside xargs, a long list beside reading its bytes,
// long logs in memory. docker_bench OPSHOST; brings an engine of the lab up for itself.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>

#include "tests/bench/child.hpp"
#include "tests/bench/report.hpp"

namespace opshost::bench {

namespace {

constexpr int kRounds = 3;
constexpr int kBatch = 20;

struct Bench {
  std::string opshost;
  std::string socket;

  [[nodiscard]] Usage ours(const std::string& operation, int count) const {
    return run({opshost, "run", OPSHOST_BENCH_SCRIPTS "/docker.lua", socket, operation, std::to_string(count)});
  }
  /// The same for what it leaves behind.
  void prepare(const std::string& operation, int count) const { static_cast<void>(ours(operation, count)); }
  /// The docker command with these words, as a shell says them.
  [[nodiscard]] Usage command(const std::string& words) const {
    return run({"/bin/sh", "-c", "docker -H unix://" + socket + " " + words + " >/dev/null"});
  }
  /// The same for each of the batch, eight at a time.
  [[nodiscard]] Usage xargs(const std::string& words) const {
    return run({"/bin/sh", "-c",
                "seq -f 'bench-%g' " + std::to_string(kBatch) + " | xargs -n 1 -P 8 docker -H unix://" + socket + " " +
                    words + " >/dev/null"});
  }
};

/// Milliseconds until the whole answer of a GET was read, by a program that does nothing else with it.
double read_bytes(const std::string& socket_path, const std::string& target, std::size_t& size) {
  const double began = wall();
  const int engine = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, socket_path.c_str(), sizeof(address.sun_path) - 1);
  // sockaddr is how C says "some address".
  if (connect(engine, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) give_up("no engine answers");
  const std::string request = "GET " + target + " HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n";
  if (write(engine, request.data(), request.size()) != static_cast<ssize_t>(request.size())) give_up("cannot ask");
  std::array<char, 65536> buffer{};
  size = 0;
  for (ssize_t count = 0; (count = read(engine, buffer.data(), buffer.size())) > 0;) {
    size += static_cast<std::size_t>(count);
  }
  close(engine);
  return (wall() - began) * 1e3;
}

/// Milliseconds of CPU a request, without what begins and ends the process.
double cpu_of(const Bench& bench, const std::string& operation, int count) {
  double least = 1e9;
  for (int round = 0; round < kRounds; ++round) {
    const double more = bench.ours(operation, count).cpu_ms;
    const double less = bench.ours(operation, 1).cpu_ms;
    least = std::min(least, (more - less) / (count - 1));
  }
  return least;
}

void report_calls(const Bench& bench, Report& report) {
  constexpr double kMost = 0.3;
  const auto inspected = bench.command("inspect bench-1");
  const auto listed = bench.command("ps -a");
  report.add({"an inspect, its table made", cpu_of(bench, "inspect", 500), kMost, "ms CPU",
              Alternative{"docker inspect", inspected.cpu_ms}});
  report.add({"a list of 20, its table made", cpu_of(bench, "list", 300), kMost, "ms CPU",
              Alternative{"docker ps", listed.cpu_ms}});
}

void report_batch(const Bench& bench, Report& report, const std::string& operation, const std::string& words) {
  constexpr double kLessCpu = 35;
  const std::string back = operation == "stop" ? "start" : "stop";
  Usage ours{.wall_ms = 1e9, .cpu_ms = 1e9};
  Usage theirs = ours;
  Usage nothing = ours;
  const auto keep_least = [](Usage& least, const Usage& usage) {
    least.wall_ms = std::min(least.wall_ms, usage.wall_ms);
    least.cpu_ms = std::min(least.cpu_ms, usage.cpu_ms);
  };
  for (int round = 0; round < kRounds; ++round) {
    keep_least(ours, bench.ours(operation, kBatch));
    bench.prepare(back, kBatch);
    keep_least(nothing, run({bench.opshost, "run", OPSHOST_BENCH_SCRIPTS "/empty.lua"}));
    keep_least(theirs, bench.xargs(words));
    bench.prepare(back, kBatch);
  }
  report.add({operation + " 20 containers", ours.wall_ms, theirs.wall_ms, "ms wall",
              Alternative{"xargs -P8 docker", theirs.wall_ms}});
  report.add({operation + " 20 containers, above an empty script", ours.cpu_ms - nothing.cpu_ms,
              theirs.cpu_ms / kLessCpu, "ms CPU", Alternative{"xargs -P8 docker", theirs.cpu_ms}});
}

void report_long_list(const Bench& bench, Report& report) {
  constexpr int kContainers = 1000;
  constexpr int kLists = 11;
  constexpr double kReading = 2;
  bench.prepare("make_more", kContainers);
  std::vector<double> ours;
  std::vector<double> raw;
  std::size_t size = 0;
  for (int round = 0; round < kRounds; ++round) {
    const double more = bench.ours("list", kLists).wall_ms;
    const double less = bench.ours("list", 1).wall_ms;
    ours.push_back((more - less) / (kLists - 1));
    for (int i = 0; i < kLists; ++i) raw.push_back(read_bytes(bench.socket, "/v1.41/containers/json?all=1", size));
  }
  const double reading = median(raw);
  report.add({"1,000 containers listed with all fields", median(ours), reading * kReading, "ms wall",
              Alternative{"reading the bytes", reading}});
  report.remark(std::to_string(size / 1024) + " KiB a list");
}

void report_logs(const Bench& bench, Report& report) {
  constexpr int kLongMb = 200;
  constexpr double kFlatMib = 8;
  bench.prepare("write_logs", 1);
  bench.prepare("write_logs", kLongMb);
  const auto small = bench.ours("logs", 1);
  const auto big = bench.ours("logs", kLongMb);
  const auto command = bench.command("logs logs-" + std::to_string(kLongMb) + " 2>&1");
  report.add({"memory of 200 MB of logs above that of 1 MB", big.resident_mib - small.resident_mib, kFlatMib, "MiB",
              Alternative{"docker logs, the whole process", command.resident_mib}});
  report.remark("200 MB of logs: " + number_text(big.wall_ms) + " ms wall, " + number_text(big.cpu_ms) +
                " ms CPU; docker logs " + number_text(command.wall_ms) + " and " + number_text(command.cpu_ms));
}

}  // namespace

}  // namespace opshost::bench

int main(int argc, char** argv) {
  using namespace opshost::bench;
  if (argc != 2) give_up("usage: docker_bench OPSHOST");
  const char* socket = std::getenv("LAB_DOCKER_SOCKET");
  if (socket == nullptr) {
    execl(OPSHOST_IN_LAB, OPSHOST_IN_LAB, "docker", "--", argv[0], argv[1], nullptr);
    give_up("cannot start " OPSHOST_IN_LAB);
  }
  const Bench bench{argv[1], socket};
  Report report("Docker");
  bench.prepare("make", kBatch);
  report_calls(bench, report);
  report_batch(bench, report, "start", "start");
  bench.prepare("start", kBatch);
  report_batch(bench, report, "stop", "stop -t 0");
  report_long_list(bench, report);
  report_logs(bench, report);
  return report.exit_code();
}
