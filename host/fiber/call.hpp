#pragma once
// What the host gives a binding's client while one call is in progress. Plain C++: no lua_State here.
//
//   Awaitable<ProcessResult> read(Call& call, Command command, ReadOptions options);
//
// Everything here belongs to the loop's thread.
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "host/base/error.hpp"
#include "host/base/time.hpp"
#include "host/base/value.hpp"
#include "host/fiber/asio.hpp"

namespace opshost {

class BlockingThreads;

/// Why a call has to end before its answer is there.
enum class StopReason : std::uint8_t {
  none,
  timeout,      ///< the call's own `timeout`
  deadline,     ///< an enclosing ops.deadline, or the run's
  cancelled,    ///< a sibling failed, or the script stopped it
  interrupted,  ///< Ctrl-C, SIGTERM or SIGHUP
};

/// Tells a call that it has to end. A client reacts by closing or cancelling what it waits on and lets the awaited
/// operation throw whatever it throws: the host replaces that error by the reason.
class StopToken {
 public:
  /// Keeps a reaction registered; destroying it takes the reaction back.
  class Reaction {
   public:
    Reaction() = default;
    Reaction(Reaction&& other) noexcept : token_(std::exchange(other.token_, nullptr)), id_(other.id_) {}
    Reaction& operator=(Reaction&& other) noexcept {
      std::swap(token_, other.token_);
      std::swap(id_, other.id_);
      return *this;
    }
    ~Reaction() {
      if (token_ != nullptr) token_->forget(id_);
    }

   private:
    friend class StopToken;
    Reaction(StopToken* token, unsigned id) : token_(token), id_(id) {}
    StopToken* token_ = nullptr;
    unsigned id_ = 0;
  };

  [[nodiscard]] bool stopped() const { return reason_ != StopReason::none; }
  [[nodiscard]] StopReason reason() const { return reason_; }

  /// Runs `react` once when the call is stopped; at once if it already was. `react` must not throw and must not
  /// destroy the token.
  [[nodiscard]] Reaction on_stop(std::function<void()> react);

  /// The first reason wins; later ones are ignored.
  void stop(StopReason reason);

 private:
  void forget(unsigned id);

  StopReason reason_ = StopReason::none;
  unsigned next_id_ = 1;
  std::vector<std::pair<unsigned, std::function<void()>>> reactions_;
};

class Call {
 public:
  Call(asio::any_io_executor executor, BlockingThreads& blocking)
      : executor_(std::move(executor)), blocking_(blocking) {}
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;
  virtual ~Call() = default;

  [[nodiscard]] const asio::any_io_executor& executor() const { return executor_; }
  [[nodiscard]] BlockingThreads& blocking() { return blocking_; }
  [[nodiscard]] StopToken& stop() { return stop_; }

  /// The host stops the call then; a client needs it only to tell a server how long to try.
  [[nodiscard]] TimePoint deadline() const { return deadline_; }
  void set_deadline(TimePoint deadline) { deadline_ = deadline; }

  /// What was last seen, for the error of a call that ran out of time: "pid 71 is still running".
  void saw(std::string what) { seen_ = std::move(what); }
  [[nodiscard]] const std::string& seen() const { return seen_; }

  /// Adds to the journal's record of this change before its outcome is known: a pid, an exec id. An observe's notes go
  /// nowhere.
  virtual void note(const std::string& key, Value value) = 0;
  /// The same; returns once it is durable: what a resume has to know before it happens.
  virtual Awaitable<void> note_durably(const std::string& key, Value value);

  /// Of a change in a procedure's step: a name that no other change of any run has, under which a resume can ask for
  /// it elsewhere. Empty for every other call.
  [[nodiscard]] const std::string& change_key() const { return change_key_; }
  void set_change_key(std::string key) { change_key_ = std::move(key); }
  /// Runs once this change's outcome is durable, before its fiber goes on: what was kept elsewhere for a resume is not
  /// needed any more. It must not throw.
  void after_outcome(std::function<Awaitable<void>()> then) { after_outcome_ = std::move(then); }

  /// Runs a Lua function of the caller in the caller's fiber and waits until it returned. Its error stops this call.
  virtual Awaitable<void> run_callback(int reference, ValueList arguments) = 0;

 protected:
  [[nodiscard]] std::function<Awaitable<void>()> take_after_outcome() { return std::exchange(after_outcome_, nullptr); }

 private:
  asio::any_io_executor executor_;
  BlockingThreads& blocking_;
  StopToken stop_;
  TimePoint deadline_ = kNoDeadline;
  std::string seen_;
  std::string change_key_;
  std::function<Awaitable<void>()> after_outcome_;
};

}  // namespace opshost
