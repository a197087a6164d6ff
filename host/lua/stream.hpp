#pragma once
// Streams in Lua: what `for item in engine:events() do` iterates. Each step parks the fiber like any waiting call.
#include <utility>

#include "host/fiber/stream.hpp"
#include "host/lua/callable.hpp"

namespace opshost {
template <class T>
struct TypeOf<Stream<T>> {
  static const Type& get() { return detail::stream_type(type_of<T>()); }
};
}  // namespace opshost

namespace opshost::lua {

/// Where a stream in Lua is between two of its steps.
class StreamState {
 public:
  enum class Stage : std::uint8_t { idle, stepping, ended, failed };

  /// Before a step. True: it has ended and gives nil from now on. Throws Error where no step can begin.
  bool begin_step(const FunctionInfo& info);
  void step_gave_item() { stage_ = Stage::idle; }
  void step_ended() { stage_ = Stage::ended; }
  void step_failed(const std::string& why);

 private:
  Stage stage_ = Stage::idle;
  std::string failure_;
};

/// The function scripts call for the next item. Collected with the Lua function around it, which closes the stream.
template <class T>
class StreamStep final : public Callable, public std::enable_shared_from_this<StreamStep<T>> {
 public:
  /// `source` is the function that made the stream: messages name it, and each step may take as long as `timeout`.
  StreamStep(Stream<T> stream, const FunctionInfo& source, std::optional<Duration> step_timeout)
      : stream_(std::move(stream)) {
    module = source.module;
    owner = source.owner;
    name = source.name;
    result = &type_of<T>();
    timeout = step_timeout;
    waits = true;
  }

  int call(lua_State* state) override;

 private:
  class Operation;

  Stream<T> stream_;
  StreamState state_;
};

template <class T>
class StreamStep<T>::Operation final : public lua::Operation {
 public:
  Operation(Context& context, std::shared_ptr<StreamStep> step)
      : lua::Operation(context, *step), step_(std::move(step)) {}

  [[nodiscard]] std::string what() const override { return "the next item of " + step_->qualified(); }

 protected:
  Awaitable<void> execute() override {
    // A local copy: the stream stays open while its step is on the way, also where this one fails.
    const auto stream = step_->stream_;
    try {
      item_ = co_await stream.next(*this);
    } catch (const std::exception& failure) {
      step_->state_.step_failed(failure.what());
      step_->stream_ = {};
      throw;
    }
    if (item_) {
      step_->state_.step_gave_item();
    } else {
      step_->state_.step_ended();
      step_->stream_ = {};
    }
  }
  int push_results(lua_State* state) override {
    push<std::optional<T>>(state, item_);
    return 1;
  }

 private:
  std::shared_ptr<StreamStep> step_;
  std::optional<T> item_;
};

template <class T>
int StreamStep<T>::call(lua_State* state) {
  if (state_.begin_step(*this)) {
    lua_pushboolean(state, 1);
    lua_pushnil(state);
    return 2;
  }
  // `for` passes the two values it iterates with; they are no arguments.
  lua_settop(state, 0);
  const auto operation = std::make_shared<Operation>(context_of(state), this->shared_from_this());
  operation->begin({}, timeout);
  return kPark;
}

/// A step with no timeout of its own: as long as any call.
inline constexpr Duration kDefaultStepTimeout = std::chrono::seconds(60);

template <class T>
void push_stream(lua_State* state, const Stream<T>& stream, const FunctionInfo& source,
                 std::optional<Duration> timeout) {
  push_owned_callable(state, std::make_shared<StreamStep<T>>(stream, source, timeout.value_or(kDefaultStepTimeout)));
}

/// What a call returns; a stream learns which call that was.
template <class T>
struct PushResult<Stream<T>> {
  static void push(lua_State* state, const Stream<T>& stream, const FunctionInfo& source,
                   std::optional<Duration> timeout) {
    push_stream(state, stream, source, timeout);
  }
};

/// In a record or list.
template <class T>
struct Convert<Stream<T>> {
  static void push(lua_State* state, const Stream<T>& stream) {
    FunctionInfo source;
    source.module = "stream";
    source.name = "next";
    push_stream(state, stream, source, std::nullopt);
  }
};

}  // namespace opshost::lua
