#pragma once
// An invariant of a procedure: asked before every change under it, and those go out one after the other.
#include <deque>
#include <memory>

#include "host/fiber/call.hpp"

namespace opshost::gate {

class Guard {
 public:
  /// `question` is the registry slot of the Lua function that asks, which `slot` keeps.
  Guard(int question, std::shared_ptr<void> slot) : question_(question), slot_(std::move(slot)) {}

  [[nodiscard]] int question() const { return question_; }

  /// Waits for its turn, first come first served; throws when the call is stopped meanwhile.
  Awaitable<void> enter(Call& call);
  void leave();

 private:
  int question_;
  std::shared_ptr<void> slot_;
  bool entered_ = false;
  std::deque<std::weak_ptr<asio::steady_timer>> waiting_;
};

/// Leaves, in reverse, the guards that were entered.
class GuardTurns {
 public:
  GuardTurns() = default;
  GuardTurns(const GuardTurns&) = delete;
  GuardTurns& operator=(const GuardTurns&) = delete;
  ~GuardTurns() { leave(); }

  void entered(std::shared_ptr<Guard> guard) { guards_.push_back(std::move(guard)); }
  void leave();

 private:
  std::vector<std::shared_ptr<Guard>> guards_;
};

}  // namespace opshost::gate
