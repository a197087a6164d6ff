#pragma once
// The one place Boost.Asio is included from.
#include <utility>  // before awaitable.hpp: Boost 1.74's uses std::exchange without it

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace opshost {
namespace asio = boost::asio;
template <class T = void>
using Awaitable = boost::asio::awaitable<T>;
}  // namespace opshost
