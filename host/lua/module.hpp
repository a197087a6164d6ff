#pragma once
// Declaring a binding to Lua: the registration is the documentation is the argument check.
//
//   void declare_docker(lua::Module& module) {
//     module.observe("connect", connect, {{"endpoint", "where the engine listens"}}, "Open an engine");
//     module.type<Container>("Container", "One container of an engine", &Container::subject)
//         .observe("inspect", &Container::inspect, {}, "Everything the engine knows of it", Raises{"docker.not_found"})
//         .change("stop", &Container::stop, {{"options", "how"}}, "Stop it gracefully", Repeatable{});
//     module.error("docker.not_found", "the engine has no container of that name", "look at engine:containers()");
//   }
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

#include "host/lua/stream.hpp"

namespace opshost::lua {

struct Param {
  const char* name;
  const char* doc = "";
};

// What may follow the documentation sentence of a function.
struct Raises {
  Raises(std::initializer_list<const char*> codes) : codes(codes) {}
  std::vector<const char*> codes;
};
/// Sent again, it ends in the same state.
struct Repeatable {};
/// The subject it touches where that is not the handle; `argument` (from 1) narrows it: a path.
struct Touches {
  const char* subject;
  int argument = 0;
};
/// How long a call waits unless the script says otherwise; 60 s where a waiting function does not say.
struct Timeout {
  Duration duration;
};
/// Only the stdlib file of the same module calls it, through native.hidden: what a script sees is made from it there.
struct Hidden {};
struct Returns {
  const char* doc;
};
/// Runnable Lua; a test runs it.
struct Example {
  const char* lua;
};

namespace detail {
void apply(FunctionInfo& info, const Raises& raises);
/// A change has to wait for its journal record: it returns an Awaitable. Throws Error("internal.declaration").
[[noreturn]] void throw_immediate_change(const char* name);
inline void apply(FunctionInfo& info, Repeatable) { info.repeatable = true; }
inline void apply(FunctionInfo& info, Hidden) { info.hidden = true; }
inline void apply(FunctionInfo& info, const Touches& touches) {
  info.touches = touches.subject;
  info.touches_argument = touches.argument;
}
inline void apply(FunctionInfo& info, const Timeout& timeout) { info.timeout = timeout.duration; }
inline void apply(FunctionInfo& info, const Returns& returns) { info.result_doc = returns.doc; }
inline void apply(FunctionInfo& info, const Example& example) { info.example = example.lua; }

inline constexpr Duration kDefaultTimeout = std::chrono::seconds(60);

template <class... P>
std::vector<const Type*> types_of(std::type_identity<std::tuple<P...>>) {
  return {&type_of<P>()...};
}

template <class F>
std::shared_ptr<Callable> make_callable(Effect effect, const char* name, F function,
                                        std::initializer_list<Param> params, const char* doc) {
  using Sig = Signature<F>;
  using Awaited = AwaitedResult<typename Sig::Result>;
  static_assert(std::tuple_size_v<typename Sig::Params> < 8, "more parameters than a person can order: use a record");
  std::shared_ptr<Callable> callable;
  if constexpr (Awaited::waits) {
    callable = std::make_shared<WaitingCallable<F>>(function);
    callable->timeout = kDefaultTimeout;
  } else {
    if (effect != Effect::observe) throw_immediate_change(name);
    callable = std::make_shared<ImmediateCallable<F>>(function);
  }
  callable->name = name;
  callable->doc = doc;
  callable->effect = effect;
  callable->waits = Awaited::waits;
  callable->result = &type_of<typename Awaited::type>();
  const auto types = types_of(std::type_identity<typename Sig::Params>{});
  auto type = types.begin();
  for (const auto& param : params)
    callable->params.push_back({param.name, param.doc, type != types.end() ? *type++ : nullptr});
  return callable;
}
}  // namespace detail

class Module;

/// The methods of a handle type; made by Module::type.
template <class T>
class HandleBuilder;

/// One module of Lua, as `require` returns it. Declared on first touch, lives as long as the process.
class Module {
 public:
  Module(std::string name, std::string summary);

  Module& doc(std::string text);
  Module& example(std::string lua);
  /// What every function of it touches unless it says otherwise: "this machine".
  Module& subject(std::string text);

  template <class F, class... Rest>
  Module& observe(const char* name, F function, std::initializer_list<Param> params, const char* doc,
                  const Rest&... rest) {
    return add(Effect::observe, name, +function, params, doc, rest...);
  }
  template <class F, class... Rest>
  Module& change(const char* name, F function, std::initializer_list<Param> params, const char* doc,
                 const Rest&... rest) {
    return add(Effect::change, name, +function, params, doc, rest...);
  }
  template <class F, class... Rest>
  Module& destroy(const char* name, F function, std::initializer_list<Param> params, const char* doc,
                  const Rest&... rest) {
    return add(Effect::destroy, name, +function, params, doc, rest...);
  }

  /// `subject` names one such handle: "container web-1".
  template <class T>
  HandleBuilder<T> type(const char* name, const char* doc, std::string (T::*subject)() const);
  /// A handle that only opshost's own Lua holds, for hidden functions.
  template <class T>
  void hidden_type(const char* name) {
    lua::handle_class<T>().type = Type{.kind = Kind::handle, .name = name, .module = info_.name};
  }

  /// An error of this module; `Detail` is the record in err.detail.
  template <class Detail = void>
  Module& error(const char* code, const char* meaning, const char* advice) {
    const Type* detail = nullptr;
    if constexpr (!std::is_void_v<Detail>) detail = &type_of<Detail>();
    return add_error(code, meaning, advice, detail);
  }

  // For stdlib's declarations (declare_natives.cpp).
  Module& add_error(const char* code, const char* meaning, const char* advice, const Type* detail);
  void add_type(const Type& type) { mention(&type); }
  void add_lua_function(std::shared_ptr<const FunctionInfo> function);
  void add_lua_method(HandleClass& handle_class, std::shared_ptr<const FunctionInfo> method);
  /// A kind of object whose methods are written in Lua; functions whose owner is its name are added to it.
  void add_lua_handle(const Type& type) { info_.handles.push_back({.type = &type, .methods = {}}); }

  [[nodiscard]] const ModuleInfo& info() const { return info_; }
  [[nodiscard]] const std::vector<std::shared_ptr<Callable>>& functions() const { return functions_; }
  [[nodiscard]] const std::vector<HandleClass*>& handle_classes() const { return handles_; }

 private:
  template <class T>
  friend class HandleBuilder;

  template <class F, class... Rest>
  Module& add(Effect effect, const char* name, F function, std::initializer_list<Param> params, const char* doc,
              const Rest&... rest) {
    auto callable = detail::make_callable(effect, name, function, params, doc);
    (detail::apply(*callable, rest), ...);
    add_function(std::move(callable));
    return *this;
  }
  void add_function(std::shared_ptr<Callable> callable);
  void add_method(HandleClass& handle_class, std::shared_ptr<Callable> callable);
  void add_handle(HandleClass& handle_class, const char* name, const char* doc);
  void mention(const Type* type);
  void finish(Callable& callable);
  HandleInfo& info_of(const HandleClass& handle_class);

  ModuleInfo info_;
  std::string subject_;
  std::vector<std::shared_ptr<Callable>> functions_;
  std::vector<HandleClass*> handles_;
};

template <class T>
class HandleBuilder {
 public:
  HandleBuilder(Module& module, HandleClass& handle_class) : module_(module), handle_class_(handle_class) {}

  template <class F, class... Rest>
  HandleBuilder& observe(const char* name, F function, std::initializer_list<Param> params, const char* doc,
                         const Rest&... rest) {
    return add(Effect::observe, name, function, params, doc, rest...);
  }
  template <class F, class... Rest>
  HandleBuilder& change(const char* name, F function, std::initializer_list<Param> params, const char* doc,
                        const Rest&... rest) {
    return add(Effect::change, name, function, params, doc, rest...);
  }
  template <class F, class... Rest>
  HandleBuilder& destroy(const char* name, F function, std::initializer_list<Param> params, const char* doc,
                         const Rest&... rest) {
    return add(Effect::destroy, name, function, params, doc, rest...);
  }
  /// Such a handle may be given wherever a declaration asks for a `Base`.
  template <class Base>
  HandleBuilder& also() {
    handle_class_.also[&handle_class<Base>()] = [](const std::shared_ptr<void>& object) -> std::shared_ptr<void> {
      return std::static_pointer_cast<Base>(std::static_pointer_cast<T>(object));
    };
    return *this;
  }
  /// Gives scripts `:close()`; afterwards every other method raises `closed`.
  HandleBuilder& closes(void (T::*close)()) {
    handle_class_.close = [close](void* object) { (static_cast<T*>(object)->*close)(); };
    return *this;
  }

 private:
  template <class F, class... Rest>
  HandleBuilder& add(Effect effect, const char* name, F function, std::initializer_list<Param> params, const char* doc,
                     const Rest&... rest) {
    auto callable = detail::make_callable(effect, name, function, params, doc);
    (detail::apply(*callable, rest), ...);
    module_.add_method(handle_class_, std::move(callable));
    return *this;
  }

  Module& module_;
  HandleClass& handle_class_;
};

template <class T>
HandleBuilder<T> Module::type(const char* name, const char* doc, std::string (T::*subject)() const) {
  auto& shared = handle_class<T>();
  shared.subject = [subject](const void* object) { return (static_cast<const T*>(object)->*subject)(); };
  add_handle(shared, name, doc);
  return {*this, shared};
}

/// A module `require` can find: declared when it is first asked for.
struct ModuleEntry {
  const char* name;
  const char* summary;
  void (*declare)(Module& module);
};

/// Pushes the module's table of functions, read-only. May raise (memory).
void push_module(lua_State* state, Module& module);

}  // namespace opshost::lua
