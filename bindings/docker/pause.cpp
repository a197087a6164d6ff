#include "bindings/docker/pause.hpp"

namespace opshost::docker {

Awaitable<void> pause_for(Call& call, Duration duration) {
  asio::steady_timer timer(call.executor(), duration);
  const auto reaction = call.stop().on_stop([&timer] { timer.cancel(); });
  boost::system::error_code ignored;
  if (!call.stop().stopped()) co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

}  // namespace opshost::docker
