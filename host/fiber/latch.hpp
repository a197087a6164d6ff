#pragma once
// Something that happens once, and the fibers waiting for it.
#include <memory>
#include <vector>

#include "host/fiber/fiber.hpp"

namespace opshost::fiber {

class Scheduler;

/// Parks a fiber until its latch opens.
class LatchWait final : public Waiter {
 public:
  explicit LatchWait(Scheduler& scheduler) : scheduler_(scheduler) {}
  void stop(StopReason reason) override;
  [[nodiscard]] std::string what() const override { return "a module that another fiber is loading"; }
  int push_outcome(lua_State* state) override;
  [[nodiscard]] bool just_goes_on() const override { return stopped_ == StopReason::none; }

 protected:
  void expired() override { stop(StopReason::deadline); }

 private:
  Scheduler& scheduler_;
  StopReason stopped_ = StopReason::none;
};

class Latch {
 public:
  [[nodiscard]] bool is_open() const { return open_; }
  void open(Scheduler& scheduler);
  std::shared_ptr<LatchWait> wait(Scheduler& scheduler);

 private:
  bool open_ = false;
  std::vector<std::weak_ptr<LatchWait>> waits_;
};

}  // namespace opshost::fiber
