#pragma once
// When to wake: a heap whose timers know their place, so that the many that never fire are removed for good.
#include <cstddef>
#include <vector>

#include "host/base/time.hpp"

namespace opshost::fiber {

class TimerHeap;

/// Something with a time to be woken at. Removes itself from its heap when destroyed.
class Timer {
 public:
  Timer() = default;
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  virtual ~Timer();

  [[nodiscard]] bool is_set() const { return heap_ != nullptr; }

 protected:
  /// The time has come; the timer is no longer set.
  virtual void expired() = 0;

 private:
  friend class TimerHeap;
  TimerHeap* heap_ = nullptr;
  std::size_t place_ = 0;
};

class TimerHeap {
 public:
  /// Sets the timer, or moves it. kNoDeadline takes it out.
  void set(Timer& timer, TimePoint at);
  void remove(Timer& timer);

  /// kNoDeadline when no timer is set.
  [[nodiscard]] TimePoint next() const { return heap_.empty() ? kNoDeadline : heap_.front().at; }
  /// Calls expired() of every timer due at `now`, earliest first.
  void fire(TimePoint now);
  [[nodiscard]] std::size_t size() const { return heap_.size(); }

 private:
  /// The time stands beside its timer, so that comparing looks into no timer.
  struct Entry {
    TimePoint at;
    Timer* timer;
  };

  void put(std::size_t place, Entry entry);
  void sift_up(std::size_t place);
  void sift_down(std::size_t place);

  std::vector<Entry> heap_;
};

}  // namespace opshost::fiber
