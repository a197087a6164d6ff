#pragma once
// Everything one run needs, wired together: VM, loop, watchdog, blocking threads, gate.
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "host/fiber/blocking.hpp"
#include "host/fiber/scheduler.hpp"
#include "host/fiber/watchdog.hpp"
#include "host/gate/gate.hpp"
#include "host/lua/vm.hpp"

namespace opshost {

/// How a chunk ended.
struct Outcome {
  bool returned = false;
  Error error{"", ""};    ///< what it raised
  std::string at;         ///< where
  std::string traceback;  ///< the script's frames
  int exit_code = 0;      ///< as the exit-code table says
};

class Runtime {
 public:
  Runtime(lua::VmOptions options, std::vector<lua::ModuleEntry> modules);
  ~Runtime();
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  [[nodiscard]] lua::Vm& vm() { return vm_; }
  [[nodiscard]] fiber::Scheduler& scheduler() { return scheduler_; }
  [[nodiscard]] gate::Gate& gate() { return gate_; }
  [[nodiscard]] fiber::Watchdog& watchdog() { return watchdog_; }

  /// From now on observes are made and changes only noted, in gate().plan. Before the script runs.
  void begin_plan();

  /// Runs the function on top of the main stack (popped) in a fiber of its own, with `arguments` (strings). `on_return`
  /// sees its results on that fiber's stack.
  Outcome run_function(const std::vector<std::string>& arguments,
                       const std::function<void(lua_State* thread, int results)>& on_return = nullptr);

  /// The same for a function and `arguments` values of any type on top of the main stack.
  Outcome run_prepared(int arguments, const std::function<void(lua_State* thread, int results)>& on_return = nullptr);

  /// Loads text and runs it; a syntax error is an outcome too.
  Outcome run_text(const std::string& text, const std::string& chunk_name, const std::vector<std::string>& arguments,
                   const std::function<void(lua_State* thread, int results)>& on_return = nullptr);

  /// What every module declares, as if each had been required: for help, types and check.
  std::vector<ModuleInfo> declared_modules();

 private:
  Outcome outcome_of(fiber::Fiber& fiber);
  void declare_all();

  lua::Vm vm_;
  fiber::Scheduler scheduler_;
  fiber::Watchdog watchdog_;
  BlockingThreads blocking_;
  gate::Gate gate_;
};

}  // namespace opshost
