#include "bindings/ssh/pause.hpp"

#include "bindings/ssh/session.hpp"

namespace opshost::ssh {

Awaitable<void> pause(Call& call, Duration time) {
  asio::steady_timer timer(call.executor(), time);
  const auto reaction = call.stop().on_stop([&timer] { timer.cancel(); });
  if (call.stop().stopped()) Session::throw_stopped();
  boost::system::error_code woken;
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  if (call.stop().stopped()) Session::throw_stopped();
}

}  // namespace opshost::ssh
