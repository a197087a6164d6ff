#pragma once
// A declared function with its C++ implementation behind it, and the entry every call of one goes through.
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>

#include "host/lua/context.hpp"
#include "host/lua/convert.hpp"
#include "host/lua/description.hpp"
#include "host/lua/handle.hpp"
#include "host/lua/operation.hpp"

namespace opshost::lua {

class Callable : public FunctionInfo {
 public:
  Callable() = default;
  Callable(const Callable&) = delete;
  Callable& operator=(const Callable&) = delete;
  virtual ~Callable() = default;

  /// Runs the call: returns how many results were pushed, or kPark. Throws Error.
  virtual int call(lua_State* state) = 0;
};

/// Pushes the Lua function scripts call. The Callable must outlive the VM. May raise (memory).
void push_callable(lua_State* state, Callable& callable);
/// The same for a Callable that lives as long as its Lua function. May raise (memory).
void push_owned_callable(lua_State* state, std::shared_ptr<Callable> callable);

/// The fiber was told to stop before this call began.
struct StoppedFiber : std::exception {};
/// The plan needs a value only the run will have.
struct PlanUnknown : std::exception {
  explicit PlanUnknown(std::string label) : label(std::move(label)) {}
  std::string label;
};

// What a native function ends with when it raises: the error value is on top of the stack, kRaise returned; its entry
// then calls lua_error with nothing of C++ alive.
int push_raised(lua_State* state, Error error, const FunctionInfo& info);
int push_raised_stop(lua_State* state, const std::string& operation);
int push_raised_unknown(lua_State* state, const PlanUnknown& unknown);

/// Which argument is wrong, how, and where in it. Throws Error("usage.argument").
[[noreturn]] void throw_wrong_argument(const FunctionInfo& info, int position, const Mismatch& mismatch);
void check_argument_count(lua_State* state, const FunctionInfo& info, int given);

/// The gate for a call that answers at once and only observes.
void admit_at_once(lua_State* state, const Callable& callable);
/// The gate for a waiting call. Where it is only planned: what stands for its result is pushed (true, result) and
/// counted; nullopt: send it.
std::optional<int> plan_instead(lua_State* state, const Callable& callable, const journal::Intent& intent);
/// A plan meets an argument it cannot know: notes the change, or raises for an observe, and pushes (true, unknown).
int plan_with_unknown_argument(lua_State* state, const Callable& callable);
/// What is written down or planned of a call; of one that passes the gate freely only what messages name: its subject
/// and arguments.
journal::Intent make_intent(lua_State* state, const Callable& callable);

/// What a C++ function looks like to the declaration.
template <class F>
struct Signature;
template <class R, class... Args>
struct Signature<R (*)(Args...)> {
  using Self = void;
  using Result = R;
  using Params = std::tuple<std::remove_cvref_t<Args>...>;
  static constexpr bool takes_call = false;
};
template <class R, class... Args>
struct Signature<R (*)(Call&, Args...)> : Signature<R (*)(Args...)> {
  static constexpr bool takes_call = true;
};
template <class T, class R, class... Args>
struct Signature<R (T::*)(Args...)> : Signature<R (*)(Args...)> {
  using Self = T;
};
template <class T, class R, class... Args>
struct Signature<R (T::*)(Args...) const> : Signature<R (T::*)(Args...)> {};
template <class T, class R, class... Args>
struct Signature<R (T::*)(Call&, Args...)> : Signature<R (*)(Call&, Args...)> {
  using Self = T;
};
template <class T, class R, class... Args>
struct Signature<R (T::*)(Call&, Args...) const> : Signature<R (T::*)(Call&, Args...)> {};

template <class R>
struct AwaitedResult {
  using type = R;
  static constexpr bool waits = false;
};
template <class R>
struct AwaitedResult<Awaitable<R>> {
  using type = R;
  static constexpr bool waits = true;
};

/// An option record, also where the whole record may be absent.
template <class T>
const T* given(const T& param) {
  return &param;
}
template <class T>
const T* given(const std::optional<T>& param) {
  return param ? &*param : nullptr;
}

/// The option records of a call may carry these three; the host reads them, whatever the record.
template <class Params>
Duration grace_of(const Params& params) {
  Duration grace{};
  std::apply(
      [&](const auto&... param) {
        (
            [&] {
              if constexpr (requires { Duration(given(param)->grace); }) {
                if (given(param) != nullptr) grace += given(param)->grace;
              }
            }(),
            ...);
      },
      params);
  return grace;
}
/// A handle may have been given a timeout for those of its calls that say none.
template <class Self>
std::optional<Duration> default_timeout_of(const Self& self) {
  if constexpr (requires { self->default_timeout(); }) {
    return self->default_timeout();
  } else {
    return std::nullopt;
  }
}
template <class Params>
std::optional<Duration> timeout_of(const FunctionInfo& info, std::optional<Duration> handles, const Params& params) {
  std::optional<Duration> timeout = handles ? handles : info.timeout;
  if (timeout) *timeout += grace_of(params);
  std::apply(
      [&](const auto&... param) {
        (
            [&] {
              if constexpr (requires { std::optional<Duration>(given(param)->timeout); }) {
                if (given(param) == nullptr) return;
                if (const std::optional<Duration> wanted = given(param)->timeout) timeout = wanted;
              }
            }(),
            ...);
      },
      params);
  return timeout;
}
template <class Params>
bool repeatable_of(const FunctionInfo& info, const Params& params) {
  bool repeatable = info.repeatable;
  std::apply(
      [&](const auto&... param) {
        (
            [&] {
              if constexpr (requires { bool(given(param)->repeatable); }) {
                repeatable = repeatable || (given(param) != nullptr && given(param)->repeatable);
              }
            }(),
            ...);
      },
      params);
  return repeatable;
}

/// Calls the function with self, the Call where it takes one, and the decoded parameters.
template <class F>
struct Target {
  using Sig = Signature<F>;
  using Self = typename Sig::Self;
  static constexpr bool is_method = !std::is_void_v<Self>;
  using SelfPointer = std::conditional_t<is_method, std::shared_ptr<Self>, std::monostate>;

  F function;
  SelfPointer self{};
  typename Sig::Params params{};

  /// Fills self and params from the stack; false: one of them is a plan's unknown, the others are right.
  bool read(lua_State* state, const FunctionInfo& info) {
    const bool self_known = read_self(state, info);
    check_argument_count(state, info, lua_gettop(state) - (is_method ? 1 : 0));
    return read_params(state, info, std::make_index_sequence<std::tuple_size_v<typename Sig::Params>>()) && self_known;
  }

  template <class... MaybeCall>
  decltype(auto) operator()(MaybeCall&... call) {
    return std::apply(
        [&](auto&... param) -> decltype(auto) {
          if constexpr (is_method) {
            return ((*self).*function)(call..., std::move(param)...);
          } else {
            return function(call..., std::move(param)...);
          }
        },
        params);
  }

 private:
  bool read_self([[maybe_unused]] lua_State* state, [[maybe_unused]] const FunctionInfo& info) {
    if constexpr (is_method) return read_one(state, info, 0, 1, self);
    return true;
  }
  template <std::size_t... I>
  bool read_params([[maybe_unused]] lua_State* state, [[maybe_unused]] const FunctionInfo& info,
                   std::index_sequence<I...>) {
    bool known = true;  // NOLINT(misc-const-correctness): without parameters it stays
    ((known = read_one(state, info, static_cast<int>(I) + 1, static_cast<int>(I) + (is_method ? 2 : 1),
                       std::get<I>(params)) &&
              known),
     ...);
    return known;
  }
  /// `position` as messages count it, 0 for self.
  template <class T>
  static bool read_one(lua_State* state, const FunctionInfo& info, int position, int index, T& out) {
    Mismatch mismatch;
    if (Convert<T>::read(state, index, out, mismatch)) return true;
    if (mismatch.plan_unknown) return false;
    throw_wrong_argument(info, position, mismatch);
  }
};

/// Pushes what a call of `info` returned; specialised where a result has to know its call (stream.hpp).
template <class T>
struct PushResult {
  static void push(lua_State* state, const T& value, const FunctionInfo&, std::optional<Duration>) {
    lua::push<T>(state, value);
  }
};

/// A function that answers at once. It may only observe: a change has to be written down first, and that waits.
template <class F>
class ImmediateCallable final : public Callable {
 public:
  explicit ImmediateCallable(F function) : function_(function) {}

  int call(lua_State* state) override {
    Target<F> target{function_};
    if (!target.read(state, *this)) return plan_with_unknown_argument(state, *this);
    admit_at_once(state, *this);
    using Result = typename Signature<F>::Result;
    if constexpr (std::is_void_v<Result>) {
      target();
      return 0;
    } else {
      PushResult<std::remove_cvref_t<Result>>::push(state, target(), *this, timeout);
      return 1;
    }
  }

 private:
  F function_;
};

template <class F>
class TypedOperation final : public Operation {
 public:
  using Result = typename AwaitedResult<typename Signature<F>::Result>::type;

  TypedOperation(Context& context, const FunctionInfo& info, F function)
      : Operation(context, info), info_(info), target_{function} {}
  Target<F>& target() { return target_; }

 protected:
  Awaitable<void> execute() override {
    if constexpr (std::is_void_v<Result>) {
      co_await start();
    } else {
      result_.emplace(co_await start());
    }
  }
  int push_results(lua_State* state) override {
    if constexpr (std::is_void_v<Result>) {
      return 0;
    } else {
      PushResult<Result>::push(state, *result_, info_, timeout());
      return 1;
    }
  }

 private:
  auto start() {
    if constexpr (Signature<F>::takes_call) {
      Call& call = *this;
      return target_(call);
    } else {
      return target_();
    }
  }

  struct Nothing {};
  const FunctionInfo& info_;
  Target<F> target_;
  std::optional<std::conditional_t<std::is_void_v<Result>, Nothing, Result>> result_;
};

/// A function that parks the calling fiber.
template <class F>
class WaitingCallable final : public Callable {
 public:
  explicit WaitingCallable(F function) : function_(function) {}

  int call(lua_State* state) override {
    const auto operation = std::make_shared<TypedOperation<F>>(context_of(state), *this, function_);
    if (!operation->target().read(state, *this)) return plan_with_unknown_argument(state, *this);
    const auto& params = operation->target().params;
    auto intent = make_intent(state, *this);
    intent.repeatable = intent.repeatable || repeatable_of(*this, params);
    if (const auto planned = plan_instead(state, *this, intent)) return *planned;
    const auto handles = default_timeout_of(operation->target().self);
    operation->begin(std::move(intent), timeout_of(*this, handles, params), grace_of(params));
    return kPark;
  }

 private:
  F function_;
};

}  // namespace opshost::lua
