#pragma once
// Fibers that stand still for a while: what relies on a lock does not go on while nobody knows whether it is held.
#include <memory>
#include <vector>

namespace opshost::fiber {

class Fiber;
class Lease;
class Scheduler;

/// Shared by the fibers begun under it. A fiber it keeps goes on where it was: what it waited for may have ended
/// meanwhile, so may its deadline.
class Hold {
 public:
  /// `outer`: the one the fiber was under already; nullptr: none. `lease`: where it is in doubt the hold is as good as
  /// on. A process that was stopped goes on with whichever fiber comes first.
  explicit Hold(std::shared_ptr<Hold> outer, std::shared_ptr<Lease> lease = nullptr)
      : outer_(std::move(outer)), lease_(std::move(lease)) {}

  [[nodiscard]] bool is_on() const { return on_; }
  void set(bool on, Scheduler& scheduler);
  /// True: some hold of the chain is on and has put the ready fiber aside.
  static bool keeps(Hold* innermost, Fiber& fiber);
  /// The fiber was told to stop: it goes on, to raise.
  static void let_go(Hold* innermost, Fiber& fiber, Scheduler& scheduler);

 private:
  [[nodiscard]] bool keeps_now() const;

  std::shared_ptr<Hold> outer_;
  std::shared_ptr<Lease> lease_;
  bool on_ = false;
  std::vector<Fiber*> kept_;
};

}  // namespace opshost::fiber
