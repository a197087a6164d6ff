#pragma once
// Something that happens once, and the fibers waiting for it.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "host/fiber/fiber.hpp"

namespace opshost::fiber {

class Scheduler;

/// Parks a fiber until its latch opens.
class LatchWait final : public Waiter {
 public:
  LatchWait(Scheduler& scheduler, std::string what) : scheduler_(scheduler), what_(std::move(what)) {}
  void stop(StopReason reason) override;
  [[nodiscard]] std::string what() const override { return what_; }
  int push_outcome(lua_State* state) override;
  [[nodiscard]] bool just_goes_on() const override { return stopped_ == StopReason::none; }

 protected:
  void expired() override { stop(StopReason::deadline); }

 private:
  Scheduler& scheduler_;
  std::string what_;
  StopReason stopped_ = StopReason::none;
};

class Latch {
 public:
  [[nodiscard]] bool is_open() const { return open_; }
  void open(Scheduler& scheduler);
  /// `what` is waited for, for messages.
  std::shared_ptr<LatchWait> wait(Scheduler& scheduler, std::string what);

 private:
  bool open_ = false;
  std::vector<std::weak_ptr<LatchWait>> waits_;
};

}  // namespace opshost::fiber
