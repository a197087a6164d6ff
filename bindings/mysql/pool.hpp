#pragma once
// The connections of one set of arguments, and how a call works on one. On the loop.
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "bindings/mysql/link.hpp"
#include "host/fiber/blocking.hpp"

namespace opshost::mysql {

class Pool;

/// A connection that one call, session or cursor has to itself. Given back when the last copy goes.
class Lease {
 public:
  Lease() = default;
  /// The pool stays as long as it: it keeps the way there. `goes_back`: the connection may be used by others
  /// afterwards.
  Lease(std::shared_ptr<Link> link, std::shared_ptr<Pool> pool, bool goes_back);

  [[nodiscard]] Link& operator*() const { return *held_->link; }
  [[nodiscard]] Link* operator->() const { return held_->link.get(); }
  [[nodiscard]] const std::shared_ptr<Link>& link() const { return held_->link; }
  explicit operator bool() const { return held_ != nullptr; }
  void reset() { held_.reset(); }

 private:
  struct Held {
    std::shared_ptr<Link> link;
    std::shared_ptr<Pool> pool;
    bool goes_back;
    Held(std::shared_ptr<Link> link, std::shared_ptr<Pool> pool, bool goes_back)
        : link(std::move(link)), pool(std::move(pool)), goes_back(goes_back) {}
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;
    ~Held();
  };
  std::shared_ptr<Held> held_;
};

class Pool : public std::enable_shared_from_this<Pool> {
 public:
  explicit Pool(Settings settings) : settings_(std::move(settings)) {}

  [[nodiscard]] const Settings& settings() const { return settings_; }

  /// A free connection whose session has that access, or a new one. Throws what Link::open throws.
  Awaitable<Lease> acquire(Call& call, Access access);
  /// A connection that the pool does not keep, for what leaves traces in its session.
  Awaitable<Lease> open_own(Call& call);
  /// Closes the free ones; those in use close when they are given back.
  void close();

 private:
  friend class Lease;
  void give_back(std::shared_ptr<Link> link);
  std::shared_ptr<Link> take_free(Access access);
  Awaitable<std::shared_ptr<Link>> open_link(Call& call);

  static constexpr std::size_t kMostFree = 16;
  Settings settings_;
  WayFinder ways_;
  bool closed_ = false;
  std::vector<std::shared_ptr<Link>> free_;
};

namespace detail {
/// A call inside of a call: the work goes on although the outer one was stopped, until the server has ended it.
class WorkCall final : public Call {
 public:
  using Call::Call;
  void note(const std::string&, Value) override {}
  Awaitable<void> run_callback(int, ValueList) override { co_return; }
};

/// Ends the statement that `link` has in progress: KILL QUERY on a second connection, and where that does not help in
/// time, its socket.
class Interruption {
 public:
  Interruption(Call& call, std::shared_ptr<Link> link);
  ~Interruption();
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;

 private:
  struct State;
  std::shared_ptr<State> state_;
  StopToken::Reaction reaction_;
};

/// Throws Error("mysql.busy"): a connection does one thing at a time.
void refuse_if_in_call(const Link& link);
/// Throws if the call was stopped while the work was done; its result is worth nothing then.
void throw_if_stopped(Call& call, Link& link);
}  // namespace detail

/// Runs `work(link)` on a blocking thread. A stopped call waits until the server has ended the statement, or the
/// connection was cut, and throws.
template <class Work>
Awaitable<std::invoke_result_t<Work, Link&>> on_link(Call& call, Lease lease, Work work) {
  using Result = std::invoke_result_t<Work, Link&>;
  if (call.stop().stopped()) throw Error("cancelled", "stopped before the statement was sent");
  detail::refuse_if_in_call(*lease);
  detail::WorkCall inner(call.executor(), call.blocking());
  const detail::Interruption interruption(call, lease.link());
  auto job = [link = lease.link(), work = std::move(work)]() mutable { return work(*link); };
  if constexpr (std::is_void_v<Result>) {
    co_await call.blocking().run(inner, std::move(job));
    detail::throw_if_stopped(call, *lease);
  } else {
    Result result = co_await call.blocking().run(inner, std::move(job));
    detail::throw_if_stopped(call, *lease);
    co_return result;
  }
}

}  // namespace opshost::mysql
