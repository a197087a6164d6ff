#include "host/fiber/timer_heap.hpp"

namespace opshost::fiber {

Timer::~Timer() {
  if (heap_ != nullptr) heap_->remove(*this);
}

void TimerHeap::set(Timer& timer, TimePoint at) {
  if (at == kNoDeadline) return remove(timer);
  timer.at_ = at;
  if (timer.heap_ == nullptr) {
    timer.heap_ = this;
    heap_.push_back(&timer);
    timer.place_ = heap_.size() - 1;
  }
  sift_up(timer.place_);
  sift_down(timer.place_);
}

void TimerHeap::remove(Timer& timer) {
  if (timer.heap_ != this) return;
  const auto place = timer.place_;
  timer.heap_ = nullptr;
  Timer* last = heap_.back();
  heap_.pop_back();
  if (last == &timer) return;
  put(place, last);
  sift_up(place);
  sift_down(last->place_);
}

void TimerHeap::fire(TimePoint now) {
  while (!heap_.empty() && heap_.front()->at_ <= now) {
    Timer* due = heap_.front();
    remove(*due);
    due->expired();
  }
}

void TimerHeap::put(std::size_t place, Timer* timer) {
  heap_[place] = timer;
  timer->place_ = place;
}

void TimerHeap::sift_up(std::size_t place) {
  Timer* timer = heap_[place];
  while (place > 0) {
    const auto parent = (place - 1) / 2;
    if (heap_[parent]->at_ <= timer->at_) break;
    put(place, heap_[parent]);
    place = parent;
  }
  put(place, timer);
}

void TimerHeap::sift_down(std::size_t place) {
  Timer* timer = heap_[place];
  for (;;) {
    auto child = 2 * place + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && heap_[child + 1]->at_ < heap_[child]->at_) ++child;
    if (timer->at_ <= heap_[child]->at_) break;
    put(place, heap_[child]);
    place = child;
  }
  put(place, timer);
}

}  // namespace opshost::fiber
