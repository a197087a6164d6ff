#pragma once
// Coroutines waiting for something that happens again and again: input of a session, a channel that became free.
#include <memory>
#include <optional>
#include <vector>

#include "host/fiber/call.hpp"

namespace opshost::ssh {

/// Belongs to the loop's thread.
class WaitList {
 public:
  explicit WaitList(asio::any_io_executor executor) : executor_(std::move(executor)) {}
  WaitList(const WaitList&) = delete;
  WaitList& operator=(const WaitList&) = delete;

  /// Resumes after the next wake_all, or when the call is stopped: the caller looks again which it was.
  Awaitable<void> wait(StopToken* stop = nullptr);
  void wake_all();
  /// Destroys what waits, unresumed: the loop has ended.
  void abandon();
  [[nodiscard]] bool empty() const { return entries_.empty(); }

 private:
  using Resume = asio::async_result<asio::use_awaitable_t<>, void()>::handler_type;
  struct Entry {
    std::optional<Resume> resume;
    bool woken = false;
  };

  static Awaitable<void> suspend(Entry& entry);
  static void wake(const asio::any_io_executor& executor, Entry& entry);

  asio::any_io_executor executor_;
  std::vector<std::shared_ptr<Entry>> entries_;
};

}  // namespace opshost::ssh
