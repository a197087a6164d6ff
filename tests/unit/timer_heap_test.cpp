// The timer heap does what a sorted multimap does, whatever is set, moved, removed and destroyed in which order.
#include "host/fiber/timer_heap.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <vector>

using opshost::Clock;
using opshost::Duration;
using opshost::kNoDeadline;
using opshost::TimePoint;
using opshost::fiber::Timer;
using opshost::fiber::TimerHeap;

namespace {

class Recorder final : public Timer {
 public:
  Recorder(int id, std::vector<int>& fired) : id_(id), fired_(fired) {}
  std::function<void()> on_expired;

 protected:
  void expired() override {
    fired_.push_back(id_);
    if (on_expired) on_expired();
  }

 private:
  int id_;
  std::vector<int>& fired_;
};

TimePoint at(int tick) { return TimePoint(Duration(tick)); }

/// A heap and what it should be: the timers by time.
struct Model {
  TimerHeap heap;
  std::multimap<int, int> expected;
  std::map<int, std::unique_ptr<Recorder>> timers;
  std::vector<int> fired;

  void forget(int id) {
    for (auto entry = expected.begin(); entry != expected.end(); ++entry) {
      if (entry->second != id) continue;
      expected.erase(entry);
      return;
    }
  }
  Recorder& timer(int id) {
    auto& known = timers[id];
    if (!known) known = std::make_unique<Recorder>(id, fired);
    return *known;
  }
  void set(int id, int tick) {
    forget(id);
    expected.emplace(tick, id);
    heap.set(timer(id), at(tick));
  }
  void remove(int id) {
    forget(id);
    heap.remove(timer(id));
  }
  void destroy(int id) {
    forget(id);
    timers.erase(id);
  }
  void fire(int tick) {
    std::multimap<int, int> due(expected.begin(), expected.upper_bound(tick));
    expected.erase(expected.begin(), expected.upper_bound(tick));
    fired.clear();
    heap.fire(at(tick));
    REQUIRE(fired.size() == due.size());
    // Of timers due at the same moment any may be first.
    std::multimap<int, int> seen;
    auto moment = due.begin();
    for (const int id : fired) seen.emplace((moment++)->first, id);
    for (const auto& [when, id] : due) {
      const auto [first, last] = seen.equal_range(when);
      CHECK(std::any_of(first, last, [wanted = id](const auto& entry) { return entry.second == wanted; }));
    }
  }
  void check() {
    CHECK(heap.size() == expected.size());
    CHECK(heap.next() == (expected.empty() ? kNoDeadline : at(expected.begin()->first)));
  }
};

}  // namespace

TEST_CASE("like a multimap, over random operations") {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    const auto below = [&](int limit) { return static_cast<int>(random() % static_cast<unsigned>(limit)); };
    Model model;
    for (int step = 0; step < 2000; ++step) {
      const int id = below(60);
      switch (below(8)) {
        case 0:
          model.remove(id);
          break;
        case 1:
          model.destroy(id);
          break;
        case 2:
          model.fire(below(200));
          break;
        default:
          model.set(id, below(1000));
      }
      model.check();
    }
    model.fire(1000);
    CHECK(model.heap.size() == 0);
  }
}

TEST_CASE("no deadline takes a timer out, and a timer that goes leaves its heap") {
  std::vector<int> fired;
  TimerHeap heap;
  {
    Recorder timer(1, fired);
    heap.set(timer, at(5));
    CHECK(timer.is_set());
    heap.set(timer, kNoDeadline);
    CHECK_FALSE(timer.is_set());
    heap.set(timer, at(5));
  }
  CHECK(heap.size() == 0);
  heap.fire(at(10));
  CHECK(fired.empty());
}

TEST_CASE("a timer may set, move and remove others while it fires") {
  std::vector<int> fired;
  TimerHeap heap;
  Recorder first(1, fired);
  Recorder second(2, fired);
  Recorder third(3, fired);
  first.on_expired = [&] {
    heap.remove(second);
    heap.set(third, at(7));
    heap.set(first, at(20));
  };
  heap.set(first, at(5));
  heap.set(second, at(6));
  heap.fire(at(10));
  CHECK(fired == std::vector<int>{1, 3});
  CHECK(heap.next() == at(20));
}
