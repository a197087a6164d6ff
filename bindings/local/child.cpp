#include "bindings/local/child.hpp"

#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/asio/detached.hpp>
#include <cerrno>
#include <ctime>
#include <utility>

#include "bindings/local/platform.hpp"
#include "bindings/local/system_error.hpp"
#include "bindings/local/unstoppable_call.hpp"

namespace opshost::local {

namespace {

constexpr std::size_t kReadSize = 1U << 16U;  // what a pipe holds
/// One turn reads and writes no more than this, so that a chatty process does not keep the loop to itself.
constexpr std::size_t kTurn = 16 * kReadSize;

int open_pidfd(pid_t pid) {
#ifdef SYS_pidfd_open
  if (platform().pidfd) return static_cast<int>(syscall(SYS_pidfd_open, pid, 0U));
#endif
  errno = ENOSYS;
  return -1;
}

/// A write to a pipe nobody reads then fails with EPIPE, whatever the process has made of SIGPIPE.
class BrokenPipesHeld {
 public:
  BrokenPipesHeld() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    sigset_t pending;
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~BrokenPipesHeld() {
    constexpr timespec kNow{0, 0};
    if (!was_pending_) {
      while (sigtimedwait(&pipe_, nullptr, &kNow) < 0 && errno == EINTR) {
      }
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  BrokenPipesHeld(const BrokenPipesHeld&) = delete;
  BrokenPipesHeld& operator=(const BrokenPipesHeld&) = delete;

 private:
  sigset_t pipe_{};
  sigset_t before_{};
  bool was_pending_ = false;
};

void close_quietly(asio::posix::stream_descriptor& descriptor) {
  boost::system::error_code nothing_to_do_about_it;
  descriptor.close(nothing_to_do_about_it);
}

}  // namespace

Platform& platform() {
  static Platform ours;
  return ours;
}

Child::Child(Call& call, Spawned spawned, Options options)
    : executor_(call.executor()),
      blocking_(call.blocking()),
      pid_(spawned.pid),
      report_(std::move(spawned.report)),
      exit_(executor_),
      stdin_(executor_),
      output_(executor_, "stdout", options.keep),
      errors_(executor_, "stderr", options.keep),
      change_(executor_, kNoDeadline),
      input_(std::move(options.input)),
      cuts_lines_(options.cuts_lines) {
  if (spawned.stdin_pipe) stdin_.assign(spawned.stdin_pipe.release());
  output_.pipe.assign(spawned.stdout_pipe.release());
  errors_.pipe.assign(spawned.stderr_pipe.release());
}

Child::~Child() { abandon(); }

void Child::start() {
  watch_exit();
  arm_read(output_);
  arm_read(errors_);
  if (stdin_.is_open()) arm_write();
}

// --- Its end ---

void Child::watch_exit() {
  const int pidfd = open_pidfd(pid_);
  if (pidfd < 0) {
    asio::co_spawn(executor_, watch_exit_on_thread(shared_from_this()), asio::detached);
    return;
  }
  exit_.assign(pidfd);
  exit_.async_wait(asio::posix::stream_descriptor::wait_read,
                   [self = shared_from_this()](const boost::system::error_code& cancelled) {
                     if (!cancelled) self->note_exit();
                   });
}

Awaitable<void> Child::watch_exit_on_thread(std::shared_ptr<Child> self) {
  UnstoppableCall call(self->executor_, self->blocking_);
  try {
    co_await self->blocking_.run(call, [pid = self->pid_] {
      siginfo_t info{};
      while (waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT) < 0 && errno == EINTR) {
      }
    });
    self->note_exit();
  } catch (const std::exception&) {
    self->watch_error_ = std::current_exception();
    self->wake();
  }
}

void Child::note_exit() {
  exited_ = true;
  exited_at_ = Clock::now();
  if (reap_on_exit_) reap();
  wake();
}

int Child::reap() {
  int status = 0;
  pid_t reaped = 0;
  while ((reaped = waitpid(pid_, &status, WNOHANG)) < 0 && errno == EINTR) {
  }
  const int error = errno;
  reaped_ = true;
  if (reaped == pid_) return status;
  throw system_error("wait", std::to_string(pid_), reaped == 0 ? EAGAIN : error,
                     "the exit code of process " + std::to_string(pid_) + " is lost");
}

void Child::reap_later() {
  reap_on_exit_ = true;
  close_quietly(stdin_);
  end_of(output_);
  end_of(errors_);
}

void Child::signal_group(int signal) const {
  if (reaped_) return;  // the number may be somebody else's by now
  if (kill(-pid_, signal) != 0 && errno == ESRCH) kill(pid_, signal);
}

void Child::abandon() {
  if (reap_on_exit_) return;  // its exit is still watched, and note_exit reaps it
  close();
  if (reaped_) return;
  signal_group(SIGKILL);
  constexpr timespec kLook{0, 1'000'000};
  constexpr int kLooks = 1000;  // a process inside a dead device cannot be killed; init reaps it after us
  for (int look = 0; look < kLooks; ++look) {
    if (waitpid(pid_, nullptr, WNOHANG) != 0) break;
    nanosleep(&kLook, nullptr);
  }
  reaped_ = true;
}

void Child::close() {
  close_quietly(exit_);
  close_quietly(stdin_);
  end_of(output_);
  end_of(errors_);
  report_.reset();
}

// --- Waiting for news ---

void Child::wake() {
  changed_ = true;
  change_.cancel();
}

Awaitable<void> Child::changed(TimePoint until) {
  if (!changed_) {
    change_.expires_at(until);
    boost::system::error_code cancelled;
    co_await change_.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
  }
  changed_ = false;
  if (watch_error_) std::rethrow_exception(std::exchange(watch_error_, nullptr));
}

// --- Its output ---

void Child::arm_read(Output& output) {
  if (!output.open || output.waiting) return;
  output.waiting = true;
  output.pipe.async_wait(asio::posix::stream_descriptor::wait_read,
                         [self = shared_from_this(), &output](const boost::system::error_code& cancelled) {
                           output.waiting = false;
                           if (!cancelled) self->read_turn(output);
                         });
}

void Child::read_turn(Output& output) {
  std::size_t total = 0;
  const std::size_t most = cuts_lines_ ? kReadSize : kTurn;
  while (output.open && total < most) {
    const std::size_t size = read_once(output);
    if (size == 0) break;
    total += size;
  }
  if (cuts_lines_ && output.lines.has_line()) {
    wake();  // read_on follows once they were taken
  } else {
    arm_read(output);
  }
}

/// 0: nothing is there now, or nothing will be any more.
std::size_t Child::read_once(Output& output) {
  std::array<char, kReadSize> buffer;
  ssize_t size = 0;
  while ((size = ::read(output.pipe.native_handle(), buffer.data(), buffer.size())) < 0 && errno == EINTR) {
  }
  if (size > 0) {
    const std::string_view bytes(buffer.data(), static_cast<std::size_t>(size));
    output.kept.feed(bytes);
    if (cuts_lines_) output.lines.feed(bytes);
    return bytes.size();
  }
  if (size == 0 || errno != EAGAIN) end_of(output);
  return 0;
}

void Child::end_of(Output& output) {
  if (!output.open) return;
  output.open = false;
  close_quietly(output.pipe);
  if (cuts_lines_) output.lines.finish();
  wake();
}

std::optional<Child::Line> Child::next_line() {
  for (Output* output : {&output_, &errors_}) {
    if (auto line = output->lines.next()) return Line{std::move(*line), output->name};
  }
  return std::nullopt;
}

void Child::read_on() {
  arm_read(output_);
  arm_read(errors_);
}

bool Child::read_what_is_there() {
  std::size_t total = 0;
  for (Output* output : {&output_, &errors_}) {
    if (output->open) total += read_once(*output);
  }
  return total > 0;
}

void Child::stop_cutting_lines() {
  cuts_lines_ = false;
  read_on();
}

// --- Its input ---

void Child::arm_write() {
  stdin_.async_wait(asio::posix::stream_descriptor::wait_write,
                    [self = shared_from_this()](const boost::system::error_code& cancelled) {
                      if (!cancelled) self->write_turn();
                    });
}

void Child::write_turn() {
  const BrokenPipesHeld held;
  std::size_t total = 0;
  while (written_ < input_.size() && total < kTurn) {
    const auto size = ::write(stdin_.native_handle(), input_.data() + written_, input_.size() - written_);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == EAGAIN) break;
    if (size < 0) {  // it closed its stdin: it may, and the rest is not for it
      written_ = input_.size();
      break;
    }
    written_ += static_cast<std::size_t>(size);
    total += static_cast<std::size_t>(size);
  }
  if (written_ < input_.size()) {
    arm_write();
  } else {
    close_quietly(stdin_);
    input_ = {};
    written_ = 0;
  }
}

}  // namespace opshost::local
