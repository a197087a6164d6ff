// What a procedure costs beside what it does: a step with nothing to do, and taking a run of a thousand steps on.
#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/bench/report.hpp"

extern char** environ;

namespace opshost::bench {

namespace {

constexpr int kRepeats = 5;
constexpr int kStepFailed = 2;

struct Cost {
  double wall_ms;
  double cpu_ms;
};

double cpu_of_children() {
  rusage usage{};
  ::getrusage(RUSAGE_CHILDREN, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// Runs opshost; gives up where it does not end with `expected`.
Cost cost_of(std::vector<std::string> words, int expected) {
  std::vector<char*> arguments;
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t quiet;
  posix_spawn_file_actions_init(&quiet);
  for (const int output : {1, 2}) posix_spawn_file_actions_addopen(&quiet, output, "/dev/null", O_WRONLY, 0);
  const double cpu = cpu_of_children();
  const double began = wall();
  pid_t child = 0;
  int status = -1;
  if (::posix_spawn(&child, words.front().c_str(), &quiet, nullptr, arguments.data(), environ) == 0)
    ::waitpid(child, &status, 0);
  posix_spawn_file_actions_destroy(&quiet);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != expected) {
    std::fprintf(stderr, "procedure_bench: %s %s did not end with %d\n", words.front().c_str(), words[1].c_str(),
                 expected);
    std::exit(2);
  }
  return {(wall() - began) * 1e3, (cpu_of_children() - cpu) * 1e3};
}

Cost least(const std::vector<std::string>& words, int expected) {
  Cost least = cost_of(words, expected);
  for (int i = 1; i < kRepeats; ++i) {
    const auto cost = cost_of(words, expected);
    least = {std::min(least.wall_ms, cost.wall_ms), std::min(least.cpu_ms, cost.cpu_ms)};
  }
  return least;
}

int measure(const std::string& opshost) {
  const std::string script = OPSHOST_BENCH_SCRIPTS "/thousand_steps.lua";
  const auto folder = std::filesystem::temp_directory_path() / ("procedure_bench." + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  ::setenv("OPSHOST_STATE", (folder / "state").c_str(), 1);
  const auto mark = (folder / "fail").string();
  std::ofstream(mark) << "x";

  Report report("procedures");
  const auto nothing = least({opshost, "eval", "1"}, 0);
  const auto steps = cost_of({opshost, "run", script, "--fail-while", mark}, kStepFailed);
  report.add({.name = "a step with nothing to do, CPU",
              .value = (steps.cpu_ms - nothing.cpu_ms) / 1000,
              .target = 1,
              .unit = "ms"});
  report.remark("on the wall, its fdatasync included: " + number_text(steps.wall_ms / 1000) + " ms");
  const auto resume = least({opshost, "resume", "last"}, kStepFailed);
  report.add({.name = "taking on a run of 1,000 steps",
              .value = resume.wall_ms,
              .target = 50,
              .unit = "ms",
              .beside = Alternative{"opshost eval 1", nothing.wall_ms}});
  std::filesystem::remove_all(folder);
  return report.exit_code();
}

}  // namespace

}  // namespace opshost::bench

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: procedure_bench OPSHOST\n");
    return 2;
  }
  return opshost::bench::measure(argv[1]);
}
