#include "bindings/ssh/wait_list.hpp"

#include <utility>

namespace opshost::ssh {

Awaitable<void> WaitList::suspend(Entry& entry) {
  asio::use_awaitable_t<> token;
  return asio::async_initiate<asio::use_awaitable_t<>, void()>(
      [&entry](Resume resume) { entry.resume.emplace(std::move(resume)); }, token);
}

void WaitList::wake(const asio::any_io_executor& executor, Entry& entry) {
  if (std::exchange(entry.woken, true) || !entry.resume) return;
  // Posted, for whoever wakes goes on first: two that wake each other would otherwise nest without end.
  asio::post(executor, std::move(*entry.resume));
  entry.resume.reset();
}

Awaitable<void> WaitList::wait(StopToken* stop) {
  const auto entry = std::make_shared<Entry>();
  StopToken::Reaction reaction;
  if (stop != nullptr) reaction = stop->on_stop([executor = executor_, entry] { wake(executor, *entry); });
  if (entry->woken) co_return;
  entries_.push_back(entry);
  co_await suspend(*entry);
}

void WaitList::wake_all() {
  for (const auto& entry : std::exchange(entries_, {})) wake(executor_, *entry);
}

// A stop token that the waiting coroutine itself keeps alive holds its entry too.
void WaitList::abandon() {
  for (const auto& entry : std::exchange(entries_, {})) entry->resume.reset();
}

}  // namespace opshost::ssh
