#pragma once
// Fibers that stand still for a while: what relies on a lock does not go on while nobody knows whether it is held.
#include <memory>
#include <vector>

namespace opshost::fiber {

class Fiber;
class Scheduler;

/// Shared by the fibers begun under it. A fiber it keeps goes on where it was: what it waited for may have ended
/// meanwhile, so may its deadline.
class Hold {
 public:
  /// `outer`: the one the fiber was under already; nullptr: none.
  explicit Hold(std::shared_ptr<Hold> outer) : outer_(std::move(outer)) {}

  [[nodiscard]] bool is_on() const { return on_; }
  void set(bool on, Scheduler& scheduler);
  /// True: some hold of the chain is on and has put the ready fiber aside.
  static bool keeps(Hold* innermost, Fiber& fiber);
  /// The fiber was told to stop: it goes on, to raise.
  static void let_go(Hold* innermost, Fiber& fiber, Scheduler& scheduler);

 private:
  std::shared_ptr<Hold> outer_;
  bool on_ = false;
  std::vector<Fiber*> kept_;
};

}  // namespace opshost::fiber
