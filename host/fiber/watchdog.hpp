#pragma once
// The thread that keeps a running script stoppable: it owns the signals, sees a deadline pass while Lua spins, and ends
// the process itself when the loop no longer answers to a second Ctrl-C.
#include <signal.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <thread>

#include "host/fiber/scheduler.hpp"

namespace opshost::fiber {

class Watchdog {
 public:
  /// Blocks SIGINT, SIGTERM and SIGHUP, but for those that are ignored, in the calling thread and all it begins from
  /// now on: call it before any other thread is made, and before a child inherits the mask (children unblock it, see
  /// bindings/local).
  explicit Watchdog(Scheduler& scheduler);
  /// The calling thread, which must be the one that made it, has its signals back as they were. One that came too late
  /// to be looked at takes its usual effect then, unless the run was interrupted already.
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  /// The signal that interrupted the run (SIGINT, SIGTERM, SIGHUP), or 0.
  [[nodiscard]] int interrupted_by() const { return signal_.load(); }
  /// The interruption was served, and the session goes on: the next Ctrl-C is a first one again. False, and nothing is
  /// forgotten: there was none, or more than one, or another signal than SIGINT. On the loop's thread.
  bool forget_interrupt();
  /// While a person is at the prompt nothing runs, and Ctrl-C promises nothing.
  void set_at_prompt(bool at_prompt) { at_prompt_.store(at_prompt); }

  /// Changes in flight get this long to answer after the first Ctrl-C.
  static constexpr Duration kInterruptGrace = std::chrono::seconds(10);

 private:
  void watch();
  void on_signal(int number);
  void look_at_script();
  void end_process_unless_answered();

  Scheduler& scheduler_;
  sigset_t watched_;
  sigset_t mask_before_{};
  std::atomic<bool> ending_{false};
  std::mutex asking_;  ///< held while the script is asked to stop: nobody is, once that is forgotten
  std::atomic<int> signal_{0};
  std::atomic<bool> at_prompt_{false};
  std::atomic<std::uint64_t> answered_{0};
  std::uint64_t asked_ = 0;
  std::uint64_t forgotten_ = 0;  ///< of those asked
  TimePoint kill_at_ = kNoDeadline;
  std::uint64_t resumes_seen_ = 0;
  TimePoint running_since_{};
  bool reported_ = false;
  std::thread thread_;
};

}  // namespace opshost::fiber
