#include "host/fiber/timer_heap.hpp"

#include <algorithm>

namespace opshost::fiber {

namespace {
/// Four children lie in one cache line, and half as many timers have to be told their new place as with two.
constexpr std::size_t kChildren = 4;
}  // namespace

Timer::~Timer() {
  if (heap_ != nullptr) heap_->remove(*this);
}

void TimerHeap::set(Timer& timer, TimePoint at) {
  if (at == kNoDeadline) return remove(timer);
  if (timer.heap_ == nullptr) {
    timer.heap_ = this;
    timer.place_ = heap_.size();
    heap_.push_back({at, &timer});
  }
  heap_[timer.place_].at = at;
  sift_up(timer.place_);
  sift_down(timer.place_);
}

void TimerHeap::remove(Timer& timer) {
  if (timer.heap_ != this) return;
  const auto place = timer.place_;
  timer.heap_ = nullptr;
  const Entry last = heap_.back();
  heap_.pop_back();
  if (last.timer == &timer) return;
  put(place, last);
  sift_up(place);
  sift_down(last.timer->place_);
}

void TimerHeap::fire(TimePoint now) {
  while (!heap_.empty() && heap_.front().at <= now) {
    Timer* due = heap_.front().timer;
    remove(*due);
    due->expired();
  }
}

void TimerHeap::put(std::size_t place, Entry entry) {
  heap_[place] = entry;
  entry.timer->place_ = place;
}

void TimerHeap::sift_up(std::size_t place) {
  const Entry entry = heap_[place];
  while (place > 0) {
    const auto parent = (place - 1) / kChildren;
    if (heap_[parent].at <= entry.at) break;
    put(place, heap_[parent]);
    place = parent;
  }
  put(place, entry);
}

void TimerHeap::sift_down(std::size_t place) {
  const Entry entry = heap_[place];
  for (;;) {
    const auto first = kChildren * place + 1;
    if (first >= heap_.size()) break;
    auto child = first;
    for (auto other = first + 1; other < std::min(first + kChildren, heap_.size()); ++other) {
      if (heap_[other].at < heap_[child].at) child = other;
    }
    if (entry.at <= heap_[child].at) break;
    put(place, heap_[child]);
    place = child;
  }
  put(place, entry);
}

}  // namespace opshost::fiber
