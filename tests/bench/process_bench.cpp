// The whole process: how long an empty script takes and what it holds, 10,000 fibers, how fast Ctrl-C ends a script.
// process_bench OPSHOST shared|static
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "tests/bench/child.hpp"
#include "tests/bench/report.hpp"

namespace opshost::bench {

namespace {

std::string script(const char* name) { return std::string(OPSHOST_BENCH_SCRIPTS "/") + name; }

class Pipe {
 public:
  Pipe() {
    if (pipe2(ends_.data(), O_CLOEXEC) != 0) give_up("no pipe");
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    close_writer();
    close(ends_[0]);
  }
  [[nodiscard]] int writer() const { return ends_[1]; }
  void close_writer() {
    if (ends_[1] >= 0) close(ends_[1]);
    ends_[1] = -1;
  }
  /// False: the other side closed without a word.
  [[nodiscard]] bool wait_for_text() const {
    std::array<char, 16> text{};
    return read(ends_[0], text.data(), text.size()) > 0;
  }

 private:
  std::array<int, 2> ends_{-1, -1};
};

/// The least of each, one after the other in turn.
std::vector<Usage> least_of_processes(int repeats, const std::vector<Words>& commands) {
  constexpr double kMuch = 1e9;
  std::vector<Usage> least(commands.size(), {.wall_ms = kMuch, .cpu_ms = kMuch, .resident_mib = kMuch});
  for (int i = 0; i < repeats; ++i) {
    for (std::size_t k = 0; k < commands.size(); ++k) {
      const auto usage = run(commands[k]);
      least[k].wall_ms = std::min(least[k].wall_ms, usage.wall_ms);
      least[k].cpu_ms = std::min(least[k].cpu_ms, usage.cpu_ms);
      least[k].resident_mib = std::min(least[k].resident_mib, usage.resident_mib);
    }
  }
  return least;
}

void measure_start(const std::string& opshost, bool is_static, Report& report) {
  const auto least = least_of_processes(60, {{opshost, "run", script("empty.lua")}, {"luajit", "-e", ""}});
  const auto& ours = least[0];
  const auto& luajit = least[1];
  report.add({.name = "run an empty script, wall",
              .value = ours.wall_ms,
              .target = is_static ? 3.0 : 12.0,
              .unit = "ms",
              .beside = Alternative{"luajit -e ''", luajit.wall_ms}});
  report.add({.name = "run an empty script, resident memory",
              .value = ours.resident_mib,
              .target = is_static ? 6.0 : 16.0,
              .unit = "MiB",
              .beside = Alternative{"luajit -e ''", luajit.resident_mib}});
  report.remark("CPU: " + number_text(ours.cpu_ms) + " ms, luajit -e '' " + number_text(luajit.cpu_ms) + " ms (" +
                number_text(ours.cpu_ms / luajit.cpu_ms) + " x)");
}

void measure_fibers(const std::string& opshost, Report& report) {
  const auto least = least_of_processes(3, {{opshost, "run", script("fibers.lua")},
                                            {opshost, "run", script("empty.lua")},
                                            {"luajit", "-joff", script("coroutines.lua")},
                                            {"luajit", "-e", ""}});
  report.add({.name = "10,000 fibers asleep, above the empty process",
              .value = least[0].resident_mib - least[1].resident_mib,
              .target = 36,
              .unit = "MiB",
              .beside = Alternative{"plain coroutines in luajit", least[2].resident_mib - least[3].resident_mib}});
}

/// From Ctrl-C until the process has ended.
double end_ms(const std::string& opshost, const char* name) {
  Pipe output;
  const pid_t child = start({opshost, "run", script(name)}, output.writer());
  output.close_writer();
  if (!output.wait_for_text()) give_up(std::string(name) + " did not get to its loop");
  usleep(20'000);  // it is somewhere in its loop by now; where does not matter
  const double asked = wall();
  kill(child, SIGINT);
  const auto usage = wait_for(child, asked);
  if (usage.exit_code != 130)
    give_up(std::string(name) + " ended with " + std::to_string(usage.exit_code) + ", not 130");
  return usage.wall_ms;
}

void measure_interrupts(const std::string& opshost, Report& report) {
  const std::vector<std::pair<const char*, const char*>> scripts = {{"a loop", "spin.lua"},
                                                                    {"pcall in a loop", "pcall.lua"},
                                                                    {"a pattern that backtracks", "backtrack.lua"},
                                                                    {"a wait", "sleep.lua"}};
  for (const auto& [name, file] : scripts) {
    std::vector<double> taken;
    for (int i = 0; i < 7; ++i) taken.push_back(end_ms(opshost, file));
    report.add({.name = std::string("Ctrl-C ends ") + name, .value = median(taken), .target = 100, .unit = "ms"});
  }
}

}  // namespace

}  // namespace opshost::bench

int main(int argc, char** argv) {
  using namespace opshost::bench;
  if (argc != 3) {
    std::fprintf(stderr, "usage: process_bench OPSHOST shared|static\n");
    return 2;
  }
  const std::string opshost = argv[1];
  const std::string linkage = argv[2];
  Report report("process, " + linkage + " libraries");
  measure_start(opshost, linkage == "static", report);
  measure_fibers(opshost, report);
  measure_interrupts(opshost, report);
  return report.exit_code();
}
