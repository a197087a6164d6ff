#include "bindings/docker/exec_ending.hpp"

#include <algorithm>
#include <utility>

#include "bindings/docker/exec_request.hpp"
#include "bindings/docker/pause.hpp"
#include "bindings/net/background_call.hpp"

namespace opshost::docker {

namespace {

using namespace std::chrono_literals;

/// Beside the grace, for asking and signalling. Shorter than what the host gives a stopped call beside its grace
/// (Context::unwind_within, 5 s): what came of it has to be told before that. Of one question it is the most, too: on
/// an engine that does not answer no grace is spent.
constexpr Duration kAnswersTake = 4s;
constexpr Duration kFirstLook = 2ms;
constexpr Duration kRarestLook = 100ms;
constexpr int kLooks = 10;

/// A part of the ending with a time of its own.
class Question {
 public:
  explicit Question(Call& side)
      : call_(std::make_shared<net::BackgroundCall>(side)),
        reaction_(side.stop().on_stop([call = call_] { call->stop().stop(StopReason::cancelled); })) {
    call_->stop_after(kAnswersTake, call_);
  }
  [[nodiscard]] Call& call() { return *call_; }
  /// What is thrown for what it failed with.
  [[nodiscard]] Error explained(const Error& failed) const {
    if (!call_->stop().stopped()) return failed;
    return {"docker.timeout", "it took too long; last seen: " + call_->seen()};
  }

 private:
  std::shared_ptr<net::BackgroundCall> call_;
  StopToken::Reaction reaction_;
};

/// The engine has no way to end an exec: its processes are found by the mark in their environment.
class Ending {
 public:
  Ending(Call& side, std::shared_ptr<Container> container, std::string mark, std::string id, Duration grace)
      : side_(side), container_(std::move(container)), mark_(std::move(mark)), id_(std::move(id)), grace_(grace) {}

  [[nodiscard]] bool signalled() const { return signalled_; }

  /// True where none of them runs any more.
  Awaitable<bool> run() {
    auto left = co_await signal("TERM", {});
    signalled_ = !left.empty();
    const auto grace_ends = Clock::now() + grace_;
    for (Duration pause = kFirstLook; !left.empty() && Clock::now() < grace_ends;
         pause = std::min(pause * 2, kRarestLook)) {
      co_await pause_for(side_, pause);
      left = co_await signal("0", left);
    }
    if (!left.empty()) left = co_await signal("KILL", left);
    for (int looks = 0; !left.empty() && looks < kLooks; ++looks) left = co_await signal("0", left);
    const bool has_ended = co_await has_ended_for_engine();
    co_return left.empty() && has_ended;
  }

 private:
  Awaitable<MarkedProcesses> signal(std::string name, MarkedProcesses known) {
    Question question(side_);
    std::optional<Error> failed;
    try {
      auto found = co_await signal_marked(question.call(), container_, mark_, std::move(name), std::move(known));
      co_return found;
    } catch (const Error& error) {
      failed = error;
    }
    throw question.explained(*failed);
  }

  /// What took another environment for itself has no mark: the engine still knows that it runs.
  Awaitable<bool> has_ended_for_engine() {
    Question question(side_);
    std::optional<Error> failed;
    try {
      for (int looks = 0; looks < kLooks; ++looks) {
        const auto status = co_await find_exec(question.call(), container_->engine(), id_);
        if (!status || !status->running) co_return true;
        co_await pause_for(question.call(), kRarestLook);
      }
      co_return false;
    } catch (const Error& error) {
      failed = error;
    }
    throw question.explained(*failed);
  }

  Call& side_;
  std::shared_ptr<Container> container_;
  const std::string mark_;
  const std::string id_;
  const Duration grace_;
  bool signalled_ = false;
};

}  // namespace

Awaitable<ExecEnding> end_exec(Call& call, std::shared_ptr<Container> container, std::string mark, std::string id,
                               Duration grace) {
  const auto side = std::make_shared<net::BackgroundCall>(call);
  side->stop_after(grace + kAnswersTake, side);
  Ending ending(*side, std::move(container), std::move(mark), std::move(id), grace);
  ExecEnding result;
  try {
    result.ended = co_await ending.run();
  } catch (const Error& error) {
    result.problem = error.message();
  }
  result.signalled = ending.signalled();
  co_return result;
}

}  // namespace opshost::docker
