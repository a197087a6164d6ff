// How a child is ended with all that belongs to it. Nothing here waits on a dead peer for ever.
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "bindings/local/child.hpp"
#include "bindings/local/unstoppable_call.hpp"

namespace opshost::local {

namespace {

using namespace std::chrono_literals;

/// After SIGKILL a process is gone at once, unless it waits for a device.
constexpr Duration kKillTakes = 1s;
/// Reading the table of processes, off the loop; where all threads are taken, the rest goes on without it.
constexpr Duration kLookTakes = 1s;
constexpr Duration kFirstPause = 5ms;
constexpr Duration kLongestPause = 100ms;

/// The leader's family, its members outside of its process group included.
class Family {
 public:
  Family(Call& call, pid_t leader)
      : call_(std::make_shared<UnstoppableCall>(call.executor(), call.blocking())), leader_(leader) {}

  Awaitable<void> look() {
    asio::steady_timer patience(call_->executor(), kLookTakes);
    patience.async_wait([call = call_](const boost::system::error_code& cancelled) {
      if (!cancelled) call->stop().stop(StopReason::timeout);
    });
    auto read_table = [leader = leader_, known = members_] { return members_of(leader, known); };
    try {
      members_ = co_await call_->blocking().run(*call_, std::move(read_table));
    } catch (const Error&) {
      members_.clear();  // no thread to be had: the process group gets its signals all the same
    }
  }
  void signal(int number) const { signal_all(members_, number); }
  [[nodiscard]] const std::vector<ProcessEntry>& members() const { return members_; }

 private:
  std::shared_ptr<UnstoppableCall> call_;
  pid_t leader_;
  std::vector<ProcessEntry> members_;
};

Awaitable<void> wait_for_exit(const std::shared_ptr<Child>& child, TimePoint until) {
  while (!child->exited() && Clock::now() < until) co_await child->changed(until);
}

/// Until all have gone, or `until`. `signal` goes to the members each time around; 0: none.
Awaitable<void> wait_for_family(Call& call, Family& family, TimePoint until, int signal) {
  Duration pause = kFirstPause;
  for (;;) {
    co_await family.look();
    if (family.members().empty() || Clock::now() >= until) co_return;
    if (signal != 0) family.signal(signal);
    asio::steady_timer timer(call.executor(), std::min(until, Clock::now() + pause));
    co_await timer.async_wait(asio::use_awaitable);
    pause = std::min(pause * 2, kLongestPause);
  }
}

}  // namespace

Awaitable<std::vector<ProcessEntry>> terminate(Call& call, std::shared_ptr<Child> child, Duration grace) {
  child->stop_cutting_lines();
  // Before the first signal: descendants in sessions of their own are only found through parents that still live.
  Family family(call, child->pid());
  co_await family.look();
  const auto grace_ends = Clock::now() + grace;
  child->signal_group(SIGTERM);
  family.signal(SIGTERM);
  child->signal_group(SIGCONT);  // what was stopped would not see the other
  family.signal(SIGCONT);
  co_await wait_for_exit(child, grace_ends);
  co_await wait_for_family(call, family, grace_ends, 0);

  // The leader is not reaped yet, so the number of its group cannot be another's.
  child->signal_group(SIGKILL);
  const auto give_up = Clock::now() + kKillTakes;
  co_await wait_for_family(call, family, give_up, SIGKILL);
  co_await wait_for_exit(child, give_up);
  auto left = family.members();
  if (!child->exited()) {
    if (auto leader = find_process(child->pid())) left.insert(left.begin(), std::move(*leader));
  }
  co_return left;
}

}  // namespace opshost::local
