#include "host/fiber/launcher.hpp"

namespace opshost::fiber {

void Launcher::start(Awaitable<void> work) {
  if (idle_.empty()) {
    asio::co_spawn(io_, work_on(std::move(work)), asio::detached);
    return;
  }
  Idle idle = std::move(idle_.back());
  idle_.pop_back();
  idle.work->emplace(std::move(work));
  std::move(idle.resume)();
}

Awaitable<void> Launcher::work_on(Awaitable<void> first) {
  std::optional<Awaitable<void>> work(std::move(first));
  while (work) {
    co_await std::move(*work);
    work.reset();  // now, not when the next comes: it owns what it worked with
    if (idle_.size() < kMostIdle) co_await next_work(work);
  }
}

Awaitable<void> Launcher::next_work(std::optional<Awaitable<void>>& work) {
  asio::use_awaitable_t<> token;
  return asio::async_initiate<asio::use_awaitable_t<>, void()>(
      [this, &work](Resume resume) { idle_.push_back({&work, std::move(resume)}); }, token);
}

}  // namespace opshost::fiber
