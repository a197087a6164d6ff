#pragma once
// A loop and a Call without a VM: drives a binding's client, or anything else written against host/fiber/call.hpp.
#include <chrono>
#include <deque>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

#include "host/fiber/blocking.hpp"
#include "host/fiber/call.hpp"

namespace opshost::test {

/// Records what a client notes; `on_callback` stands for the caller's Lua functions.
class FakeCall final : public Call {
 public:
  using Call::Call;

  void note(const std::string& key, Value value) override { notes[key] = std::move(value); }
  Awaitable<void> run_callback(int reference, ValueList arguments) override {
    if (on_callback) co_await on_callback(reference, std::move(arguments));
  }

  std::map<std::string, Value> notes;
  std::function<Awaitable<void>(int, ValueList)> on_callback;
};

/// Runs coroutines to their end. What a coroutine refers to has to outlive the loop, or the coroutine's end. A test
/// that hangs fails after `kPatience` instead.
class Loop {
 public:
  static constexpr auto kPatience = std::chrono::seconds(60);

  /// A new call, which lives as long as the loop.
  FakeCall& call() { return calls_.emplace_back(context.get_executor(), threads); }

  /// The awaited value; throws what the coroutine threw.
  template <class T>
  T run(Awaitable<T> awaitable) {
    Outcome<T> outcome;
    spawn(std::move(awaitable), outcome);
    run_until([&] { return outcome.done; });
    return outcome.take();
  }

  /// What an awaitable came to. Must live until it is done.
  template <class T>
  struct Outcome {
    struct Nothing {};
    bool done = false;
    std::exception_ptr error;
    std::optional<std::conditional_t<std::is_void_v<T>, Nothing, T>> value;

    T take() {
      if (error) std::rethrow_exception(error);
      if constexpr (!std::is_void_v<T>) return std::move(value).value();
    }
  };

  /// Starts without waiting.
  template <class T>
  void spawn(Awaitable<T> awaitable, Outcome<T>& outcome) {
    asio::co_spawn(context, settle(std::move(awaitable), outcome), [&outcome](std::exception_ptr error) {
      outcome.error = std::move(error);
      outcome.done = true;
    });
  }

  /// Runs the loop until the condition holds.
  void run_until(const std::function<bool()>& condition) {
    const auto give_up = Clock::now() + kPatience;
    context.restart();
    while (!condition()) {
      if (Clock::now() > give_up) throw std::runtime_error("the loop never got there");
      if (context.run_one_until(give_up) == 0 && context.stopped()) {
        if (condition()) return;
        throw std::runtime_error("the loop ran out of work");
      }
    }
  }

  /// `act` on the loop, `delay` from now.
  void after(Duration delay, std::function<void()> act) {
    auto timer = std::make_shared<asio::steady_timer>(context, delay);
    timer->async_wait([timer, act = std::move(act)](const boost::system::error_code& cancelled) {
      if (!cancelled) act();
    });
  }

 private:
  std::deque<FakeCall> calls_;  // the coroutines that go down with `context` still refer to them

 public:
  BlockingThreads threads;
  asio::io_context context{1};

 private:
  template <class T>
  static Awaitable<void> settle(Awaitable<T> awaitable, Outcome<T>& outcome) {
    if constexpr (std::is_void_v<T>) {
      co_await std::move(awaitable);
    } else {
      outcome.value.emplace(co_await std::move(awaitable));
    }
  }
};

}  // namespace opshost::test
