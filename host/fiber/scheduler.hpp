#pragma once
// The loop: resumes fibers that are ready, fires timers, waits for I/O. One thread; Lua runs nowhere else.
#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <unordered_set>
#include <vector>

#include "host/fiber/asio.hpp"
#include "host/fiber/fiber.hpp"
#include "host/fiber/group.hpp"
#include "host/fiber/launcher.hpp"

namespace opshost::fiber {

/// What the watchdog's thread may look at while the loop runs.
struct Heartbeat {
  std::atomic<std::uint64_t> resumes{0};     ///< grows with every fiber resumed and every turn of the loop
  std::atomic<bool> in_script{false};        ///< Lua is running
  std::atomic<std::int64_t> deadline_ns{0};  ///< of the running fiber, steady clock; 0: none
  std::atomic<bool> many_fibers{false};      ///< others stand still while this one runs

  /// Only the loop's thread writes, so nothing is lost without a locked addition.
  void beat() { resumes.store(resumes.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed); }
};

class Scheduler {
 public:
  /// Fills the stack of `thread` with what the fiber's function gets and returns how many values that is.
  using Arguments = std::function<int(lua_State* thread)>;

  explicit Scheduler(lua_State* main);
  ~Scheduler();
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  [[nodiscard]] lua_State* main() { return main_; }
  [[nodiscard]] asio::io_context& io() { return io_; }
  [[nodiscard]] Launcher& launcher() { return launcher_; }
  [[nodiscard]] TimerHeap& timers() { return timers_; }
  [[nodiscard]] Heartbeat& heartbeat() { return heartbeat_; }
  /// The fiber whose Lua code runs now; nullptr on the loop itself.
  [[nodiscard]] Fiber* current() { return current_; }

  /// Begins a fiber that runs the function and arguments on top of `from`'s stack (popped). It belongs to `group` and
  /// inherits deadline and scope of the current fiber. May raise a Lua error (memory).
  Fiber& spawn(Group* group, lua_State* from, int arguments);

  /// Runs the loop until `fiber` ended; its results, or its error, are then on its stack. True: it returned.
  bool run_until_ended(Fiber& fiber);
  /// Runs the loop until `done`, which is asked after whatever happens in it.
  void run_until(const std::function<bool()>& done);
  /// Ends the loop as soon as it gets control; fibers are left as they are.
  void stop_now() { stopped_now_ = true; }
  /// Forgets every fiber, and what it waits for; before the VM is closed.
  void drop_fibers();
  [[nodiscard]] bool stopped_now() const { return stopped_now_; }
  /// Gives the finished fiber's Lua thread back.
  void discard(Fiber& fiber);

  /// The current fiber waits for `waiter` from now on. The caller yields the park sentinel next; the waiter's timer is
  /// the waiter's own business.
  void park(std::shared_ptr<Waiter> waiter);
  /// `waiter` is done: its fiber goes on in the next turn.
  void wake(Waiter& waiter);
  /// A ready fiber that a hold has kept goes on.
  void ready_again(Fiber& fiber) { ready_.push_back(&fiber); }
  /// Tells a fiber to stop; see Group::stop.
  void stop(Fiber& fiber, StopReason reason);
  /// Every fiber, from outside: Ctrl-C. Changes in flight get `grace` to answer.
  void interrupt_all(Duration grace);
  /// True once interrupt_all was called.
  [[nodiscard]] bool interrupted() const { return interrupted_; }
  /// Every fiber it concerned has ended; those begun from now on are not interrupted.
  void forget_interrupt() { interrupted_ = false; }

  /// Tells the watchdog the current fiber's deadline.
  void publish_deadline();

  /// The value a parked coroutine yields; nothing a script can make equals it.
  static void push_sentinel(lua_State* state);
  static bool is_sentinel(lua_State* state, int index);

  [[nodiscard]] std::size_t fiber_count() const { return fibers_.size(); }
  std::uint64_t next_id() { return ++last_id_; }

 private:
  friend class Group;
  class LateStop;

  void turn(const std::function<bool()>& done);
  void resume_ready();
  void resume(Fiber& fiber);
  int move_outcome(Fiber& fiber);
  void push_yield_error(Fiber& fiber);
  void ended(Fiber& fiber, bool returned);
  void wait_for_event();
  void set_alarm();
  void stop_late(const std::shared_ptr<Waiter>& waiter, Duration grace);

  lua_State* main_;
  TimerHeap timers_;  // before io_: operations it still holds when it goes are timers of it
  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  asio::steady_timer wake_timer_;
  TimePoint wake_timer_at_ = kNoDeadline;
  TimePoint poll_at_{};
  Launcher launcher_{io_};
  Heartbeat heartbeat_;
  std::deque<Fiber*> ready_;
  std::unordered_set<Fiber*> fibers_;
  std::vector<std::unique_ptr<LateStop>> late_stops_;
  Fiber* current_ = nullptr;
  bool stopped_now_ = false;
  bool interrupted_ = false;
  std::uint64_t last_id_ = 0;
};

/// `duration` from now; kNoDeadline where the clock cannot count that far.
TimePoint from_now(Duration duration);
/// The moment a wait of this fiber may last to: `wanted`, or the fiber's deadline where that is earlier.
TimePoint earlier_of(TimePoint wanted, const Fiber& fiber);
/// True when the fiber's own deadline, not just the wait's end, has passed.
bool deadline_passed(const Fiber& fiber, TimePoint now);

}  // namespace opshost::fiber
