#pragma once
// Structured concurrency: a group ends when the fibers in it have ended.
#include <cstddef>
#include <memory>

#include "host/fiber/fiber.hpp"

namespace opshost::fiber {

class Scheduler;

class Group {
 public:
  explicit Group(Scheduler& scheduler) : scheduler_(scheduler) {}
  /// A group is left only when it is empty; a runtime that stops at once ends its fibers before.
  ~Group();
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;

  [[nodiscard]] std::size_t running() const { return running_; }
  /// Stops every fiber in it, and in the groups those wait for: waits and observes end now, changes in flight end or
  /// meet their deadline.
  void stop(StopReason reason);

 private:
  friend class Scheduler;
  void add(Fiber& fiber);
  void remove(Fiber& fiber);

  Scheduler& scheduler_;
  Fiber* first_ = nullptr;
  std::size_t running_ = 0;
  /// Called after a fiber ended.
  Waiter* join_ = nullptr;
  std::size_t join_until_ = 0;

  friend class GroupJoin;
};

/// Parks a fiber until at most `until` fibers of a group still run.
class GroupJoin final : public Waiter {
 public:
  GroupJoin(Group& group, std::size_t until);
  ~GroupJoin() override;
  void stop(StopReason reason) override;
  [[nodiscard]] std::string what() const override;
  int push_outcome(lua_State* state) override;
  [[nodiscard]] bool just_goes_on() const override { return stopped_ == StopReason::none; }
  /// Told to stop in the turn in which enough of its fibers had ended.
  [[nodiscard]] bool waits_on() const override { return stopped_ != StopReason::none && group_.running() > 0; }

 protected:
  void expired() override;

 private:
  Group& group_;
  StopReason stopped_ = StopReason::none;
  std::size_t stopped_with_ = 0;  ///< so many fibers ran then
};

/// Parks a fiber for a time.
class Sleep final : public Waiter {
 public:
  Sleep(Scheduler& scheduler, TimePoint until) : scheduler_(scheduler), until_(until) {}
  void stop(StopReason reason) override;
  [[nodiscard]] std::string what() const override { return "ops.sleep"; }
  int push_outcome(lua_State* state) override;
  [[nodiscard]] bool just_goes_on() const override { return stopped_ == StopReason::none; }
  [[nodiscard]] TimePoint until() const { return until_; }

 protected:
  void expired() override;

 private:
  Scheduler& scheduler_;
  TimePoint until_;
  StopReason stopped_ = StopReason::none;
};

}  // namespace opshost::fiber
