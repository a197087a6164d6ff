#include "tests/bench/child.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "tests/bench/report.hpp"

extern char** environ;

namespace opshost::bench {

void give_up(const std::string& problem) {
  std::fprintf(stderr, "bench: %s\n", problem.c_str());
  std::exit(2);
}

pid_t start(const Words& command, int standard_output) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, standard_output, STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  // A shell's background job ignores it, and would hand that down.
  sigset_t interrupt;
  sigemptyset(&interrupt);
  sigaddset(&interrupt, SIGINT);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setsigdefault(&attributes, &interrupt);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  std::vector<char*> words;
  for (const auto& word : command) words.push_back(const_cast<char*>(word.c_str()));  // posix_spawn's old signature
  words.push_back(nullptr);
  pid_t child = 0;
  if (posix_spawnp(&child, words[0], &actions, &attributes, words.data(), environ) != 0)
    give_up("cannot start " + command[0]);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return child;
}

static double milliseconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_usec) * 1e-3;
}

Usage wait_for(pid_t child, double began) {
  int status = 0;
  rusage used{};
  if (wait4(child, &status, 0, &used) != child) give_up("lost a child");
  return {.wall_ms = (wall() - began) * 1e3,
          .cpu_ms = milliseconds(used.ru_utime) + milliseconds(used.ru_stime),
          .resident_mib = static_cast<double>(used.ru_maxrss) / 1024,
          .exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status)};
}

Usage run(const Words& command) {
  const int nobody_reads = open("/dev/null", O_WRONLY | O_CLOEXEC);
  const double began = wall();
  const auto usage = wait_for(start(command, nobody_reads), began);
  close(nobody_reads);
  if (usage.exit_code != 0) give_up(command[0] + " " + command[1] + " ended with " + std::to_string(usage.exit_code));
  return usage;
}

}  // namespace opshost::bench
