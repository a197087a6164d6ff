#include "host/gate/guard.hpp"

#include <boost/asio/redirect_error.hpp>

namespace opshost::gate {

Awaitable<void> Guard::enter(Call& call) {
  while (entered_) {
    const auto turn = std::make_shared<asio::steady_timer>(call.executor(), TimePoint::max());
    waiting_.push_back(turn);
    const auto on_stop = call.stop().on_stop([turn] { turn->cancel(); });
    boost::system::error_code ignored;
    if (!call.stop().stopped()) co_await turn->async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    if (call.stop().stopped()) {
      if (!entered_) leave();  // the turn was given to this call: the next one gets it
      throw Error("cancelled", "stopped while other changes under the same guard were in progress");
    }
  }
  entered_ = true;
}

void Guard::leave() {
  entered_ = false;
  while (!waiting_.empty()) {
    const auto next = waiting_.front().lock();
    waiting_.pop_front();
    if (!next) continue;
    next->cancel();
    return;
  }
}

void GuardTurns::leave() {
  while (!guards_.empty()) {
    guards_.back()->leave();
    guards_.pop_back();
  }
}

}  // namespace opshost::gate
