// MySQL: rows and statements beside a plain program around the same library and beside mysqlclient, in CPU time of the
// client where nothing else is said. mysql_bench OPSHOST; brings a server of the lab up for itself.
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "tests/bench/child.hpp"
#include "tests/bench/report.hpp"

namespace opshost::bench {

namespace {

struct Clients {
  std::string opshost;
  std::string socket;
};

Usage ours(const Clients& clients, const std::string& operation, int count) {
  return run(
      {clients.opshost, "run", OPSHOST_BENCH_SCRIPTS "/mysql.lua", clients.socket, operation, std::to_string(count)});
}
Usage raw(const Clients& clients, const std::string& operation, int count) {
  return run({OPSHOST_MYSQL_RAW, clients.socket, operation, std::to_string(count)});
}
Usage python(const Clients& clients, const std::string& operation, int count) {
  return run({"/usr/bin/python3", OPSHOST_MYSQL_PYTHON, clients.socket, operation, std::to_string(count)});
}

/// The least of some rounds, without what begins and ends the process.
struct Least {
  double cpu_ms = 1e9;
  double wall_ms = 1e9;
  double resident_mib = 1e9;

  void take(const Usage& all, const Usage& none) {
    cpu_ms = std::min(cpu_ms, all.cpu_ms - none.cpu_ms);
    wall_ms = std::min(wall_ms, all.wall_ms - none.wall_ms);
    resident_mib = std::min(resident_mib, all.resident_mib);
  }
};

constexpr int kRounds = 3;

void report_select(const Clients& clients, Report& report) {
  constexpr int kCount = 10'000;
  constexpr double kAboveRaw = 15;
  constexpr double kToMicroseconds = 1e3 / kCount;
  Least own;
  Least plain;
  Least other;
  for (int round = 0; round < kRounds; ++round) {
    own.take(ours(clients, "select", kCount), ours(clients, "select", 0));
    plain.take(raw(clients, "select", kCount), raw(clients, "select", 0));
    other.take(python(clients, "select", kCount), python(clients, "select", 0));
  }
  const double of_plain = plain.cpu_ms * kToMicroseconds;
  report.add({"a SELECT 1", own.cpu_ms * kToMicroseconds, of_plain + kAboveRaw, "us CPU",
              Alternative{"plain program", of_plain}});
  report.remark("mysqlclient: " + number_text(other.cpu_ms * kToMicroseconds) + " us");
}

void report_rows(const Clients& clients, Report& report) {
  constexpr int kCount = 1'000'000;
  constexpr int kFew = 10'000;
  constexpr double kWhole = 600;
  constexpr double kAboveRaw = 400;
  constexpr double kFlatMib = 4;
  Least whole;
  Least streamed;
  Least few;
  Least plain;
  Least other;
  for (int round = 0; round < kRounds; ++round) {
    const auto nothing = ours(clients, "rows", 0);
    whole.take(ours(clients, "query", kCount), nothing);
    streamed.take(ours(clients, "rows", kCount), nothing);
    few.take(ours(clients, "rows", kFew), nothing);
    plain.take(raw(clients, "rows", kCount), raw(clients, "rows", 0));
    other.take(python(clients, "rows", kCount), python(clients, "rows", 0));
  }
  report.add({"query: 1,000,000 rows x 3", whole.cpu_ms, kWhole, "ms CPU", Alternative{"mysqlclient", other.cpu_ms}});
  report.add({"rows: the same, one after the other", streamed.cpu_ms, plain.cpu_ms + kAboveRaw, "ms CPU",
              Alternative{"plain program", plain.cpu_ms}});
  report.add({"its memory above that of 10,000 rows", streamed.resident_mib - few.resident_mib, kFlatMib, "MiB"});
  report.remark("wall: query " + number_text(whole.wall_ms) + " ms, rows " + number_text(streamed.wall_ms) +
                " ms, plain program " + number_text(plain.wall_ms) + " ms, mysqlclient " + number_text(other.wall_ms) +
                " ms");
}

void report_inserts(const Clients& clients, Report& report) {
  constexpr int kCount = 100'000;
  Least own;
  Least other;
  for (int round = 0; round < kRounds; ++round) {
    own.take(ours(clients, "insert", kCount), ours(clients, "insert", 0));
    other.take(python(clients, "insert", kCount), python(clients, "insert", 0));
  }
  report.add(
      {"insert_many: 100,000 rows", own.wall_ms, other.wall_ms, "ms wall", Alternative{"executemany", other.wall_ms}});
  report.remark("CPU: " + number_text(own.cpu_ms) + " ms, executemany " + number_text(other.cpu_ms) + " ms");
}

void report_waiting(const Clients& clients, Report& report) {
  constexpr int kAtOnce = 64;
  constexpr double kOneSecond = 1000;
  constexpr double kAllowed = 500;  // 64 connections are opened first
  const auto waited = ours(clients, "sleep", kAtOnce);
  report.add({"64 queries of 1 s at once", waited.wall_ms, kOneSecond + kAllowed, "ms wall"});
}

}  // namespace

}  // namespace opshost::bench

int main(int argc, char** argv) {
  using namespace opshost::bench;
  if (argc != 2) give_up("usage: mysql_bench OPSHOST");
  const char* socket = std::getenv("LAB_MYSQL_PRIMARY_SOCKET");
  if (socket == nullptr) {
    execl(OPSHOST_IN_LAB, OPSHOST_IN_LAB, "mysql", "--", argv[0], argv[1], nullptr);
    give_up("cannot start " OPSHOST_IN_LAB);
  }
  const Clients clients{argv[1], socket};
  Report report("MySQL");
  report_select(clients, report);
  report_rows(clients, report);
  report_inserts(clients, report);
  report_waiting(clients, report);
  return report.exit_code();
}
