#include "bindings/local/spawn.hpp"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <utility>

#include "bindings/local/platform.hpp"
#include "bindings/local/system_error.hpp"
#include "host/base/descriptor_limit.hpp"
#include "host/base/signals_held.hpp"

namespace opshost::local {

namespace {

constexpr int kFirstFreeDescriptor = STDERR_FILENO + 1;

/// Everything the child needs, laid out before the fork: after it, memory may not be allocated.
struct ChildPlan {
  std::vector<char*> argv;
  std::vector<char*> environment;
  std::vector<const char*> candidates;
  const char* cwd = nullptr;
  const Account* account = nullptr;
  const rlimit* descriptors = nullptr;  ///< nullptr: ours
  int stdin_fd = -1;
  int stdout_fd = -1;
  int stderr_fd = -1;
  int report_fd = -1;
};

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> list;
  list.reserve(words.size() + 1);
  for (std::string& word : words) list.push_back(word.data());
  list.push_back(nullptr);
  return list;
}

// --- In the child: only what POSIX calls async-signal-safe, and plain system calls. ---

[[noreturn]] void give_up(const ChildPlan& plan, SpawnStage stage, int error) {
  const SpawnFailure failure{stage, error};
  // Smaller than PIPE_BUF and the pipe is empty: written whole or not at all.
  [[maybe_unused]] const auto written = write(plan.report_fd, &failure, sizeof failure);
  _exit(127);
}

/// Handlers become defaults by exec anyway; ignored signals would stay ignored.
void default_signals() {
  struct sigaction action = {};
  action.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; ++number) sigaction(number, &action, nullptr);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

/// Closes what /proc/self/fd lists from `first` on. False: there is no /proc.
bool close_listed(int first) {
  const int folder = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return false;
  // struct linux_dirent64: inode and offset (8 bytes each), record length (2), type (1), name.
  constexpr std::size_t kLengthAt = 16;
  constexpr std::size_t kNameAt = 19;
  std::array<char, 4096> buffer{};
  for (long size = 0; (size = syscall(SYS_getdents64, folder, buffer.data(), buffer.size())) > 0;) {
    for (std::size_t at = 0; at < static_cast<std::size_t>(size);) {
      std::uint16_t length = 0;
      std::memcpy(&length, &buffer[at + kLengthAt], sizeof length);
      int fd = 0;
      bool is_number = false;
      for (const char* digit = &buffer[at + kNameAt]; *digit >= '0' && *digit <= '9'; ++digit) {
        fd = fd * 10 + (*digit - '0');
        is_number = true;
      }
      if (is_number && fd >= first && fd != folder) close(fd);
      at += length;
    }
  }
  close(folder);
  return true;
}

void close_from(int first) {
#ifdef SYS_close_range
  if (platform().close_range && syscall(SYS_close_range, static_cast<unsigned>(first), ~0U, 0U) == 0) return;
#endif
  if (close_listed(first)) return;
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  for (int fd = first; static_cast<rlim_t>(fd) < limit.rlim_cur; ++fd) close(fd);
}

/// Through system calls: the C library's functions of these names stop and ask all threads, which a fork left behind.
bool become(const Account& account) {
  return syscall(SYS_setgroups, account.groups.size(), account.groups.data()) == 0 &&
         syscall(SYS_setresgid, account.gid, account.gid, account.gid) == 0 &&
         syscall(SYS_setresuid, account.uid, account.uid, account.uid) == 0;
}

/// As execvp does: the first candidate that can run; where one was found but may not, that is the news.
int execute(const ChildPlan& plan) {
  int error = ENOENT;
  for (const char* candidate : plan.candidates) {
    execve(candidate, plan.argv.data(), plan.environment.data());
    if (errno == EACCES) {
      error = EACCES;
    } else if (errno != ENOENT && errno != ENOTDIR) {
      return errno;
    }
  }
  return error;
}

[[noreturn]] void become_program(ChildPlan& plan) {
  if (setsid() < 0) give_up(plan, SpawnStage::session, errno);
  if (dup2(plan.stdin_fd, STDIN_FILENO) < 0 || dup2(plan.stdout_fd, STDOUT_FILENO) < 0 ||
      dup2(plan.stderr_fd, STDERR_FILENO) < 0) {
    give_up(plan, SpawnStage::descriptors, errno);
  }
  if (plan.report_fd != kFirstFreeDescriptor) {
    if (dup3(plan.report_fd, kFirstFreeDescriptor, O_CLOEXEC) < 0) give_up(plan, SpawnStage::descriptors, errno);
    plan.report_fd = kFirstFreeDescriptor;
  }
  close_from(kFirstFreeDescriptor + 1);
  // Never above what we have, so it cannot be refused.
  if (plan.descriptors != nullptr) setrlimit(RLIMIT_NOFILE, plan.descriptors);
  if (plan.account != nullptr && !become(*plan.account)) give_up(plan, SpawnStage::account, errno);
  if (plan.cwd != nullptr && chdir(plan.cwd) != 0) give_up(plan, SpawnStage::cwd, errno);
  default_signals();
  give_up(plan, SpawnStage::exec, execute(plan));
}

// --- In the parent. ---

[[noreturn]] void throw_no_start(const std::string& program, int error) {
  throw system_error("start", program, error, "cannot start " + program);
}

/// Above the standard three, where dup2 in the child cannot overwrite it.
Descriptor lifted(int fd, const std::string& program) {
  Descriptor owned(fd);
  if (fd < 0) throw_no_start(program, errno);
  if (fd >= kFirstFreeDescriptor) return owned;
  Descriptor high(fcntl(fd, F_DUPFD_CLOEXEC, kFirstFreeDescriptor));
  if (!high) throw_no_start(program, errno);
  return high;
}

struct Pipe {
  Descriptor read_end;
  Descriptor write_end;
};

Pipe make_pipe(const std::string& program) {
  std::array<int, 2> ends{-1, -1};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) throw_no_start(program, errno);
  Descriptor write_end(ends[1]);
  Descriptor read_end = lifted(ends[0], program);
  return {std::move(read_end), lifted(write_end.release(), program)};
}

void do_not_block(const Descriptor& descriptor) {
  fcntl(descriptor.get(), F_SETFL, fcntl(descriptor.get(), F_GETFL) | O_NONBLOCK);
}

/// Where SIGCHLD is ignored (a state that is inherited), the kernel throws exit codes away.
void keep_exit_codes() {
  struct sigaction now = {};
  sigaction(SIGCHLD, nullptr, &now);
  if (now.sa_handler != SIG_IGN && (now.sa_flags & SA_NOCLDWAIT) == 0) return;
  if (now.sa_handler == SIG_IGN) now.sa_handler = SIG_DFL;
  now.sa_flags &= ~SA_NOCLDWAIT;
  sigaction(SIGCHLD, &now, nullptr);
}

}  // namespace

Spawned spawn(SpawnRequest request) {
  const std::string& program = request.argv.front();
  Pipe output = make_pipe(program);
  Pipe errors = make_pipe(program);
  Pipe report = make_pipe(program);
  Pipe input;
  if (request.feeds_stdin) {
    input = make_pipe(program);
    do_not_block(input.write_end);
  } else {
    input.read_end = lifted(open("/dev/null", O_RDONLY | O_CLOEXEC), program);
  }
  do_not_block(output.read_end);
  do_not_block(errors.read_end);
  do_not_block(report.read_end);

  ChildPlan plan;
  plan.argv = pointers(request.argv);
  plan.environment = pointers(request.environment);
  for (const std::string& candidate : request.candidates) plan.candidates.push_back(candidate.c_str());
  plan.cwd = request.cwd.empty() ? nullptr : request.cwd.c_str();
  plan.account = request.account ? &*request.account : nullptr;
  const auto descriptors = descriptor_limit_before();
  plan.descriptors = descriptors ? &*descriptors : nullptr;
  plan.stdin_fd = input.read_end.get();
  plan.stdout_fd = output.write_end.get();
  plan.stderr_fd = errors.write_end.get();
  plan.report_fd = report.write_end.get();

  keep_exit_codes();
  const SignalsHeld held;  // no handler of ours runs in the child before it has put the defaults back
  const pid_t pid = fork();
  if (pid < 0) throw_no_start(program, errno);
  if (pid == 0) become_program(plan);
  return {pid, std::move(input.write_end), std::move(output.read_end), std::move(errors.read_end),
          std::move(report.read_end)};
}

std::optional<SpawnFailure> spawn_failure(const Descriptor& report) {
  SpawnFailure failure;
  const auto size = read(report.get(), &failure, sizeof failure);
  if (size != static_cast<ssize_t>(sizeof failure)) return std::nullopt;
  return failure;
}

}  // namespace opshost::local
