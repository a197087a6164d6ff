#include "host/fiber/blocking.hpp"

#include <pthread.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "host/base/signals_held.hpp"
namespace opshost {

namespace {

using JobPointer = std::shared_ptr<detail::BlockingJob>;

/// How a finished job gets back to its loop. Shared by the loop's service and every job in flight, so a thread that
/// ends after its io_context finds it closed instead of touching freed memory.
class Mailbox : public std::enable_shared_from_this<Mailbox> {
 public:
  explicit Mailbox(asio::any_io_executor executor) : executor_(std::move(executor)) {}

  /// On a blocking thread.
  void deliver(JobPointer job) {
    {
      const std::lock_guard lock(mutex_);
      if (!open_) return;
      finished_.push_back(std::move(job));
      if (finished_.size() > 1) return;  // the loop has been woken and has not looked yet
      ++posting_;
    }
    // Without the lock: the loop, which wakes at once, would only run into it.
    asio::post(executor_, [self = shared_from_this()] { self->empty(); });
    if (posting_.fetch_sub(1) == 1) posting_.notify_one();
  }

  /// On the loop's thread, while the io_context goes down.
  void close() {
    std::vector<JobPointer> dropped;
    {
      const std::lock_guard lock(mutex_);
      open_ = false;
      dropped.swap(finished_);
    }
    for (int posting = posting_; posting > 0; posting = posting_) posting_.wait(posting);
  }

 private:
  /// On the loop's thread.
  void empty() {
    std::vector<JobPointer> jobs;
    {
      const std::lock_guard lock(mutex_);
      jobs.swap(finished_);
    }
    for (const JobPointer& job : jobs) job->finish();
  }

  std::mutex mutex_;
  bool open_ = true;
  std::atomic<int> posting_{0};  ///< threads that are at the io_context now: its end waits for them
  const asio::any_io_executor executor_;
  std::vector<JobPointer> finished_;
};

/// Closes a loop's mailbox when its io_context goes down. Services are shut down in the reverse order of their making,
/// so this one goes before the scheduler it posts to.
class MailboxService : public asio::execution_context::service {
 public:
  using key_type = MailboxService;
  inline static asio::execution_context::id id;

  explicit MailboxService(asio::execution_context& context) : service(context) {}

  std::shared_ptr<Mailbox> mailbox(const asio::any_io_executor& executor) {
    if (!mailbox_) mailbox_ = std::make_shared<Mailbox>(executor);
    return mailbox_;
  }

 private:
  void shutdown() override {
    if (mailbox_) mailbox_->close();
  }

  std::shared_ptr<Mailbox> mailbox_;
};

std::shared_ptr<Mailbox> mailbox_of(const asio::any_io_executor& executor) {
  return asio::use_service<MailboxService>(executor.context()).mailbox(executor);
}

struct Task {
  JobPointer job;
  std::shared_ptr<Mailbox> mailbox;
};

}  // namespace

namespace detail {

void BlockingJob::run() noexcept {
  Stage expected = Stage::queued;
  if (stage_.compare_exchange_strong(expected, Stage::begun)) work();
}

bool BlockingJob::withdraw() noexcept {
  Stage expected = Stage::queued;
  return stage_.compare_exchange_strong(expected, Stage::withdrawn);
}

void BlockingJob::finish() {
  finished_ = true;
  if (waiter_ != nullptr) waiter_->cancel();
}

Awaitable<bool> BlockingJob::wait(Call& call, std::shared_ptr<BlockingJob> job) {
  asio::steady_timer answered(call.executor(), TimePoint::max());
  struct Waiting {
    BlockingJob& job;
    ~Waiting() { job.waiter_ = nullptr; }
  };
  job->waiter_ = &answered;
  const Waiting waiting{*job};
  const auto reaction = call.stop().on_stop([&answered] { answered.cancel(); });
  while (!job->finished_ && !call.stop().stopped()) {
    boost::system::error_code cancelled;
    co_await answered.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
  }
  co_return job->finished_;
}

void throw_stopped_blocking_call(bool begun) {
  if (!begun) throw Error("cancelled", "stopped before a thread began the work");
  throw Error("cancelled", "stopped while a thread was at work for it, which may still finish").maybe_applied();
}

}  // namespace detail

/// So many threads stuck in files are replaced; beyond it something is wrong with the whole machine.
constexpr std::size_t kMostGivenUp = 8;

struct BlockingThreads::State {
  struct Worker {
    std::thread thread;
    std::condition_variable wake;
    std::optional<Task> handed;  ///< work given to this thread while it was idle
    bool ended = false;
  };
  struct Pool {
    std::size_t limit = 0;
    const char* thread_name = "";
    std::deque<Task> queue;
    std::vector<Worker*> idle;  ///< the one that went idle last is asked first, so the others can end
    std::vector<std::unique_ptr<Worker>> workers;
    std::size_t given_up = 0;  ///< of the threads: at work for calls that wait for them no more

    [[nodiscard]] std::size_t allowed() const { return limit + std::min(given_up, kMostGivenUp); }
    [[nodiscard]] std::size_t alive() const {
      return static_cast<std::size_t>(
          std::ranges::count_if(workers, [](const auto& worker) { return !worker->ended; }));
    }
  };

  State(std::size_t limit, Duration idle) : idle_time(idle) {
    pool(Lane::connections) = {.limit = limit, .thread_name = "opshost-wait", .queue = {}, .idle = {}, .workers = {}};
    pool(Lane::files) = {.limit = 1, .thread_name = "opshost-files", .queue = {}, .idle = {}, .workers = {}};
  }

  Pool& pool(Lane lane) { return pools[static_cast<std::size_t>(lane)]; }

  void start_worker(Pool& pool, const std::shared_ptr<State>& self, Task first);
  void work_until_idle(Pool& pool, Worker& worker);
  std::optional<Task> next_task(Pool& pool, Worker& worker, std::unique_lock<std::mutex>& lock);
  static void join_ended(Pool& pool);

  const Duration idle_time;
  std::mutex mutex;
  std::array<Pool, 2> pools;
  bool stopping = false;
  std::condition_variable worker_ended;
};

void BlockingThreads::State::start_worker(Pool& pool, const std::shared_ptr<State>& self, Task first) {
  auto worker = std::make_unique<Worker>();
  Worker& started = *worker;
  started.handed = std::move(first);
  pool.workers.push_back(std::move(worker));
  try {
    const SignalsHeld held;
    started.thread = std::thread([self, &pool, &started] { self->work_until_idle(pool, started); });
  } catch (const std::system_error& failure) {
    Task task = std::move(*started.handed);
    pool.workers.pop_back();
    if (pool.alive() > 0) {
      pool.queue.push_back(std::move(task));
      return;
    }
    throw Error("host.thread_limit", std::string("no thread could be started for blocking work: ") +
                                         errno_text(failure.code().value()) +
                                         "; raise the limit of processes (ulimit -u, or pids.max of the cgroup)")
        .retryable();
  }
  pthread_setname_np(started.thread.native_handle(), pool.thread_name);
}

void BlockingThreads::State::work_until_idle(Pool& pool, Worker& worker) {
  std::unique_lock lock(mutex);
  while (std::optional<Task> task = next_task(pool, worker, lock)) {
    lock.unlock();
    task->job->run();
    const auto job = task->job;
    task->mailbox->deliver(std::move(task->job));
    task.reset();
    lock.lock();
    if (!job->given_up) continue;
    --pool.given_up;
    if (pool.alive() > pool.allowed()) break;  // another has taken its place
  }
  worker.ended = true;
  worker_ended.notify_all();
}

std::optional<Task> BlockingThreads::State::next_task(Pool& pool, Worker& worker, std::unique_lock<std::mutex>& lock) {
  if (worker.handed) return std::exchange(worker.handed, std::nullopt);
  if (stopping) return std::nullopt;
  if (!pool.queue.empty()) {
    Task task = std::move(pool.queue.front());
    pool.queue.pop_front();
    return task;
  }
  pool.idle.push_back(&worker);
  const bool asked = worker.wake.wait_for(lock, idle_time, [&] { return worker.handed || stopping; });
  if (!asked || !worker.handed) std::erase(pool.idle, &worker);
  return std::exchange(worker.handed, std::nullopt);
}

void BlockingThreads::State::join_ended(Pool& pool) {
  std::erase_if(pool.workers, [](const std::unique_ptr<Worker>& worker) {
    if (worker->ended) worker->thread.join();
    return worker->ended;
  });
}

BlockingThreads::BlockingThreads(std::size_t limit, Duration idle) : state_(std::make_shared<State>(limit, idle)) {}

BlockingThreads::~BlockingThreads() {
  constexpr auto kLastChance = std::chrono::milliseconds(100);
  std::vector<Task> dropped;  // destroyed after the lock is given back: work owns foreign objects
  std::unique_lock lock(state_->mutex);
  state_->stopping = true;
  const auto all_ended = [&] {
    return std::ranges::all_of(state_->pools, [](const State::Pool& pool) { return pool.alive() == 0; });
  };
  for (State::Pool& pool : state_->pools) {
    std::ranges::move(pool.queue, std::back_inserter(dropped));
    pool.queue.clear();
    for (State::Worker* worker : pool.idle) worker->wake.notify_one();
  }
  state_->worker_ended.wait_for(lock, kLastChance, all_ended);
  for (State::Pool& pool : state_->pools) {
    State::join_ended(pool);
    for (const auto& stuck : pool.workers) stuck->thread.detach();
  }
  lock.unlock();
}

std::size_t BlockingThreads::thread_count() const {
  const std::lock_guard lock(state_->mutex);
  return state_->pools[0].alive() + state_->pools[1].alive();
}

void BlockingThreads::submit(Call& call, Lane lane, std::shared_ptr<detail::BlockingJob> job) {
  Task task{std::move(job), mailbox_of(call.executor())};
  std::unique_lock lock(state_->mutex);
  State::Pool& pool = state_->pool(lane);
  if (!pool.idle.empty()) {
    State::Worker& worker = *pool.idle.back();
    pool.idle.pop_back();
    worker.handed = std::move(task);
    lock.unlock();
    worker.wake.notify_one();  // without the lock, which it needs; only the loop, here, ever destroys a Worker
    return;
  }
  State::join_ended(pool);
  if (pool.workers.size() < pool.allowed()) {
    state_->start_worker(pool, state_, std::move(task));
  } else {
    pool.queue.push_back(std::move(task));
  }
}

bool BlockingThreads::take_back(Lane lane, const std::shared_ptr<detail::BlockingJob>& job) {
  std::vector<Task> dropped;  // destroyed after the lock is given back: work owns foreign objects
  const std::lock_guard lock(state_->mutex);
  State::Pool& pool = state_->pool(lane);
  if (job->withdraw()) {
    const auto found = std::ranges::find(pool.queue, job, &Task::job);
    if (found == pool.queue.end()) return true;
    dropped.push_back(std::move(*found));
    pool.queue.erase(found);
    return true;
  }
  job->given_up = true;
  ++pool.given_up;
  if (pool.queue.empty() || pool.workers.size() >= pool.allowed()) return false;
  Task next = std::move(pool.queue.front());
  pool.queue.pop_front();
  state_->start_worker(pool, state_, std::move(next));
  return false;
}

}  // namespace opshost
