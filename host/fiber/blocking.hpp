#pragma once
// Threads for what has no non-blocking form. No Lua in them, ever: plain C++ values in, plain C++ values out.
#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "host/fiber/call.hpp"

namespace opshost {

namespace detail {

/// Work for a blocking thread, and where that thread and the loop meet. Outlives whichever of them ends last, so it
/// holds nothing of the loop.
class BlockingJob {
 public:
  BlockingJob() = default;
  BlockingJob(const BlockingJob&) = delete;
  BlockingJob& operator=(const BlockingJob&) = delete;
  virtual ~BlockingJob() = default;

  /// On the blocking thread. Does nothing when the call took the job back first.
  void run() noexcept;
  /// On the loop: takes back a job no thread has begun. False: it has begun, and is left to finish alone.
  bool withdraw() noexcept;
  /// On the loop: until the work is done (true) or the call is stopped (false).
  static Awaitable<bool> wait(Call& call, std::shared_ptr<BlockingJob> job);
  /// On the loop: the work is done; its result is visible from here on.
  void finish();
  /// Its thread does not come back soon. Guarded by the lock of the threads.
  bool given_up = false;

 protected:
  virtual void work() noexcept = 0;

 private:
  enum class Stage : std::uint8_t { queued, begun, withdrawn };

  std::atomic<Stage> stage_{Stage::queued};
  // The loop's thread alone touches these.
  bool finished_ = false;
  asio::steady_timer* waiter_ = nullptr;
};

}  // namespace detail

/// Threads made on demand, at most `limit` at a time (more work queues), ended after a while without work. One further
/// thread is for files and key decryption, so a stuck disk never holds a database's thread; where a call gives it up in
/// the middle of its work (a dead NFS mount), another takes its place. All signals are blocked in them: those are the
/// watchdog's.
class BlockingThreads {
 public:
  static constexpr std::size_t kDefaultLimit = 256;
  static constexpr Duration kDefaultIdle = std::chrono::seconds(10);

  explicit BlockingThreads(std::size_t limit = kDefaultLimit, Duration idle = kDefaultIdle);
  /// Waits for the threads that are idle or finish at once; those stuck in a call are left behind, they own what they
  /// use. Work no thread has begun is dropped. May come before or after the end of the io_context.
  ~BlockingThreads();
  BlockingThreads(const BlockingThreads&) = delete;
  BlockingThreads& operator=(const BlockingThreads&) = delete;

  /// Runs `work` on a blocking thread and resumes on the loop. `work` must own what it touches: a stopped call throws
  /// at once and leaves the thread to finish alone; work still queued then never begins.
  template <class Work>
  Awaitable<std::invoke_result_t<Work>> run(Call& call, Work work) {
    return dispatch<Work>(call, std::move(work), Lane::connections);
  }
  /// The same on the file thread, in order of arrival.
  template <class Work>
  Awaitable<std::invoke_result_t<Work>> run_file_work(Call& call, Work work) {
    return dispatch<Work>(call, std::move(work), Lane::files);
  }

  /// Threads alive now, the file thread included.
  [[nodiscard]] std::size_t thread_count() const;

 private:
  enum class Lane : std::uint8_t { connections, files };
  struct State;

  template <class Work>
  Awaitable<std::invoke_result_t<Work>> dispatch(Call& call, Work work, Lane lane);
  void submit(Call& call, Lane lane, std::shared_ptr<detail::BlockingJob> job);
  /// Its call was stopped. True: no thread has begun it, and none will.
  bool take_back(Lane lane, const std::shared_ptr<detail::BlockingJob>& job);

  std::shared_ptr<State> state_;
};

namespace detail {
template <class Work>
class TypedBlockingJob final : public BlockingJob {
 public:
  using Result = std::invoke_result_t<Work>;
  explicit TypedBlockingJob(Work work) : work_(std::move(work)) {}

  Result take() {
    if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
    if constexpr (!std::is_void_v<Result>) return std::move(*result_);
  }

 protected:
  void work() noexcept override {
    try {
      if constexpr (std::is_void_v<Result>) {
        work_();
      } else {
        result_.emplace(work_());
      }
    } catch (const std::exception&) {
      error_ = std::current_exception();
    }
  }

 private:
  struct Nothing {};
  Work work_;
  std::optional<std::conditional_t<std::is_void_v<Result>, Nothing, Result>> result_;
  std::exception_ptr error_;
};

/// What a call throws that was stopped while it waited; the host puts the reason in its place.
[[noreturn]] void throw_stopped_blocking_call(bool begun);
}  // namespace detail

template <class Work>
Awaitable<std::invoke_result_t<Work>> BlockingThreads::dispatch(Call& call, Work work, Lane lane) {
  auto job = std::make_shared<detail::TypedBlockingJob<Work>>(std::move(work));
  submit(call, lane, job);
  if (!co_await detail::BlockingJob::wait(call, job)) detail::throw_stopped_blocking_call(!take_back(lane, job));
  co_return job->take();
}

}  // namespace opshost
