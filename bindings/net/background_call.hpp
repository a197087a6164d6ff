#pragma once
// What goes on although the call that began it may end: an opening that others wait for too, a forwarded connection.
#include "host/base/error.hpp"
#include "host/fiber/call.hpp"

namespace opshost::net {

class BackgroundCall final : public Call {
 public:
  BackgroundCall(const asio::any_io_executor& executor, BlockingThreads& blocking)
      : Call(executor, blocking), timer_(executor) {}
  explicit BackgroundCall(Call& begun_by)
      : Call(begun_by.executor(), begun_by.blocking()), timer_(begun_by.executor()) {}

  /// Stops it after a time. `self` has to live until then.
  void stop_after(Duration timeout, std::weak_ptr<void> alive) {
    set_deadline(Clock::now() + timeout);
    timer_.expires_after(timeout);
    timer_.async_wait([this, alive = std::move(alive)](const boost::system::error_code& cancelled) {
      const auto held = alive.lock();
      if (held && !cancelled) stop().stop(StopReason::timeout);
    });
  }

  void note(const std::string&, Value) override {}
  Awaitable<void> run_callback(int, ValueList) override {
    throw Error("internal.callback", "a call in the background has no Lua function to call");
  }

 private:
  asio::steady_timer timer_;
};

}  // namespace opshost::net
