#pragma once
// Taking connections one after the other, for as long as somebody listens.
#include <memory>
#include <utility>

#include "bindings/net/byte_stream.hpp"

namespace opshost::net {

inline constexpr Duration kAcceptPause = std::chrono::milliseconds(100);

/// What goes wrong with one connection ends none: only closing the acceptor does. Where this process or the machine has
/// no descriptor or memory left, it tries again a little later.
///
/// `take(socket)` is called for each while `owner` lives, which holds the acceptor.
template <class Acceptor, class Take>
void accept_each(Acceptor& acceptor, std::weak_ptr<void> owner, Take take) {
  acceptor.async_accept([&acceptor, owner, take](ErrorCode error, auto socket) mutable {
    const auto held = owner.lock();
    if (!held || error == asio::error::operation_aborted || !acceptor.is_open()) return;
    if (!error) {
      take(std::move(socket));
      return accept_each(acceptor, std::move(owner), std::move(take));
    }
    const auto timer = std::make_shared<asio::steady_timer>(acceptor.get_executor(), kAcceptPause);
    timer->async_wait([&acceptor, owner, take, timer](ErrorCode cancelled) mutable {
      const auto still_held = owner.lock();
      if (still_held && !cancelled && acceptor.is_open()) accept_each(acceptor, std::move(owner), std::move(take));
    });
  });
}

}  // namespace opshost::net
