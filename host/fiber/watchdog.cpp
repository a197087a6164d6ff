#include "host/fiber/watchdog.hpp"

#include <unistd.h>

#include <string_view>

#include "host/base/unblocked_descriptor.hpp"
#include "host/lua/interrupt.hpp"

namespace opshost::fiber {

namespace {

using namespace std::chrono_literals;

/// How often a running script is looked at: well under the 100 ms it may outlive its deadline.
constexpr auto kTick = 25ms;
constexpr auto kReportAfter = 100ms;
constexpr auto kAnswerWithin = 1s;

bool is_ignored(int number) {
  struct sigaction now{};
  return sigaction(number, nullptr, &now) == 0 && now.sa_handler == SIG_IGN;
}

/// What ends the run, and what ends the thread. A signal that is ignored (nohup, `sh -c "opshost ... &"`) stays so:
/// once blocked it would be delivered to us all the same.
sigset_t watched_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    if (!is_ignored(number)) sigaddset(&set, number);
  }
  return set;
}

/// The run they would end has ended, of the first of them.
void drop_pending_signals(const sigset_t& set) {
  const timespec at_once{};
  while (sigtimedwait(&set, nullptr, &at_once) > 0) {
  }
}

/// Not through the log, which may be what hangs; and nobody waits for a reader that stands still.
void say(std::string_view text) { UnblockedDescriptor(STDERR_FILENO).write(text); }

timespec to_timespec(Duration duration) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(duration);
  return {seconds.count(), (duration - seconds).count()};
}

}  // namespace

Watchdog::Watchdog(Scheduler& scheduler) : scheduler_(scheduler), watched_(watched_signals()) {
  pthread_sigmask(SIG_BLOCK, &watched_, &mask_before_);
  thread_ = std::thread([this] { watch(); });
}

Watchdog::~Watchdog() {
  ending_.store(true);
  pthread_kill(thread_.native_handle(), SIGUSR1);
  thread_.join();
  if (signal_.load() != 0) drop_pending_signals(watched_);
  pthread_sigmask(SIG_SETMASK, &mask_before_, nullptr);
}

void Watchdog::watch() {
  const auto tick = to_timespec(kTick);
  while (!ending_.load()) {
    const int number = sigtimedwait(&watched_, nullptr, &tick);
    {
      const std::lock_guard lock(asking_);
      if (number == SIGINT || number == SIGTERM || number == SIGHUP) on_signal(number);
      look_at_script();
    }
    end_process_unless_answered();
  }
}

void Watchdog::on_signal(int number) {
  const bool at_prompt = at_prompt_.load();  // the loop leaves the prompt as soon as it is told
  const bool first = signal_.exchange(number) == 0;
  ++asked_;
  if (first) {
    lua::request_interrupt(StopReason::interrupted);
    asio::post(scheduler_.io(), [this] {
      if (interrupted_by() != 0) scheduler_.interrupt_all(kInterruptGrace);  // else it was served and forgotten by now
    });
    if (at_prompt) return;
    say("\nopshost: interrupted; changes in flight get 10 s to answer, clean-ups run. Once more to stop now.\n");
    return;
  }
  if (kill_at_ == kNoDeadline) kill_at_ = Clock::now() + kAnswerWithin;
  asio::post(scheduler_.io(), [this, asked = asked_] {
    answered_.store(asked);
    scheduler_.stop_now();
  });
}

bool Watchdog::forget_interrupt() {
  const std::lock_guard lock(asking_);
  if (signal_.load() != SIGINT || asked_ != forgotten_ + 1) return false;
  forgotten_ = asked_;
  signal_.store(0);
  scheduler_.forget_interrupt();
  lua::forget_interrupt();
  return true;
}

void Watchdog::end_process_unless_answered() {
  if (Clock::now() < kill_at_) return;
  if (answered_.load() == asked_) {
    kill_at_ = kNoDeadline;
    return;
  }
  say("opshost: the script does not answer; ended. What its journal holds is whole.\n");
  ::_exit(128 + signal_.load());
}

void Watchdog::look_at_script() {
  auto& heartbeat = scheduler_.heartbeat();
  const auto resumes = heartbeat.resumes.load(std::memory_order_relaxed);
  const auto now = Clock::now();
  if (resumes != resumes_seen_ || !heartbeat.in_script.load(std::memory_order_acquire)) {
    resumes_seen_ = resumes;
    running_since_ = now;
    reported_ = false;
    return;
  }
  if (signal_.load() != 0) lua::request_interrupt(StopReason::interrupted);
  const auto deadline = heartbeat.deadline_ns.load(std::memory_order_relaxed);
  if (deadline != 0 && now.time_since_epoch().count() >= deadline) lua::request_interrupt(StopReason::deadline);
  if (!reported_ && now - running_since_ >= kReportAfter && heartbeat.many_fibers.load(std::memory_order_relaxed)) {
    reported_ = true;
    lua::request_report();
  }
}

}  // namespace opshost::fiber
