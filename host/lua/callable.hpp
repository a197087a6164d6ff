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

/// The option records of a call may carry these three; the host reads them, whatever the record.
template <class Params>
std::optional<Duration> timeout_of(const FunctionInfo& info, const Params& params) {
  std::optional<Duration> timeout = info.timeout;
  std::apply(
      [&](const auto&... param) {
        ([&] {
          if constexpr (requires { Duration(param.grace); }) {
            if (timeout) *timeout += param.grace;
          }
        }(), ...);
        ([&] {
          if constexpr (requires { std::optional<Duration>(param.timeout); }) {
            if (const std::optional<Duration> given = param.timeout) timeout = given;
          }
        }(), ...);
      },
      params);
  return timeout;
}
template <class Params>
bool repeatable_of(const FunctionInfo& info, const Params& params) {
  bool repeatable = info.repeatable;
  std::apply(
      [&](const auto&... param) {
        ([&] {
          if constexpr (requires { bool(param.repeatable); }) repeatable = repeatable || param.repeatable;
        }(), ...);
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

  /// Fills self and params from the stack; false: one of them is a plan's unknown.
  bool read(lua_State* state, const FunctionInfo& info) {
    constexpr int first = is_method ? 2 : 1;
    Mismatch mismatch;
    if constexpr (is_method) {
      if (!Convert<SelfPointer>::read(state, 1, self, mismatch)) return refuse(info, 0, mismatch);
    }
    check_argument_count(state, info, lua_gettop(state) - (is_method ? 1 : 0));
    return read_params(state, info, first, mismatch, std::make_index_sequence<std::tuple_size_v<typename Sig::Params>>());
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
  template <std::size_t... I>
  bool read_params(lua_State* state, const FunctionInfo& info, int first, Mismatch& mismatch,
                   std::index_sequence<I...>) {
    bool fine = true;
    ((fine = fine && (Convert<std::tuple_element_t<I, typename Sig::Params>>::read(
                          state, first + static_cast<int>(I), std::get<I>(params), mismatch) ||
                      refuse(info, static_cast<int>(I) + 1, mismatch))),
     ...);
    return fine;
  }
  static bool refuse(const FunctionInfo& info, int position, const Mismatch& mismatch) {
    if (mismatch.plan_unknown) return false;
    throw_wrong_argument(info, position, mismatch);
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
      push<std::remove_cvref_t<Result>>(state, target());
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
      : Operation(context, info), target_{function} {}
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
      push<Result>(state, *result_);
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
    intent.repeatable = repeatable_of(*this, params);
    if (const auto planned = plan_instead(state, *this, intent)) return *planned;
    return operation->begin(state, std::move(intent), timeout_of(*this, params));
  }

 private:
  F function_;
};

}  // namespace opshost::lua
