#pragma once
// Begins awaitables in the caller's turn. co_spawn posts each one first, which costs a turn of the loop and a look at
// every descriptor; here coroutines that have done their work wait for the next.
#include <optional>
#include <vector>

#include "host/fiber/asio.hpp"

namespace opshost::fiber {

class Launcher {
 public:
  /// Goes before the io_context, which then frees what still waits in it.
  explicit Launcher(asio::io_context& io) : io_(io) {}
  Launcher(const Launcher&) = delete;
  Launcher& operator=(const Launcher&) = delete;

  /// Runs `work` until it first waits, or in the loop's next turn where no coroutine is free. It must not throw.
  void start(Awaitable<void> work);

 private:
  using Resume = asio::async_result<asio::use_awaitable_t<>, void()>::handler_type;
  /// A coroutine without work: where it looks for some, and what makes it look.
  struct Idle {
    std::optional<Awaitable<void>>* work;
    Resume resume;
  };
  /// More than this many are not kept: they hold memory of the busiest moment.
  static constexpr std::size_t kMostIdle = 256;

  Awaitable<void> work_on(Awaitable<void> first);
  Awaitable<void> next_work(std::optional<Awaitable<void>>& work);

  asio::io_context& io_;
  std::vector<Idle> idle_;
};

}  // namespace opshost::fiber
