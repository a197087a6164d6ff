#pragma once
#include <memory>

#include "bindings/net/background_call.hpp"

namespace opshost::ssh {

/// A part of a call that gets less time than all of it: stopped with it, or when its own time is over.
class ShorterCall {
 public:
  ShorterCall(Call& whole, Duration time) : part_(std::make_shared<net::BackgroundCall>(whole)) {
    part_->stop_after(time, part_);
    reaction_ = whole.stop().on_stop([part = part_.get()] { part->stop().stop(StopReason::cancelled); });
  }

  [[nodiscard]] Call& call() const { return *part_; }
  /// Its own time is over, the whole call goes on.
  [[nodiscard]] bool is_over() const { return part_->stop().reason() == StopReason::timeout; }

 private:
  std::shared_ptr<net::BackgroundCall> part_;
  StopToken::Reaction reaction_;
};

}  // namespace opshost::ssh
