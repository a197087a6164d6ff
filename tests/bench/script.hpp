#pragma once
// Lua run inside the bench program, in a runtime with a module of its own: what a call costs, without a process's
// start.
#include <lua.hpp>
#include <memory>
#include <string>
#include <vector>

#include "host/runtime.hpp"

namespace opshost::bench {

class Script {
 public:
  /// `require "bench"` finds what `declare` declares, beside the modules in `more`.
  explicit Script(void (*declare)(lua::Module& module), std::vector<lua::ModuleEntry> more = {});

  /// Runs the text with `...` = count, in a fiber. Beside the globals it sees `natives` (what stdlib is built from) and
  /// `plain_add`. Ends the process where it raises.
  void run(const std::string& lua, std::size_t count);
  /// The same, for a script that is expected to raise; returns the error's code.
  std::string error_of(const std::string& lua);

  /// CPU nanoseconds of one of `count` rounds, on the loop's thread and on all threads.
  double thread_ns(const std::string& lua, std::size_t count);
  double process_ns(const std::string& lua, std::size_t count);

  [[nodiscard]] Runtime& runtime() { return *runtime_; }

 private:
  Outcome outcome_of(const std::string& lua, std::size_t count);

  std::unique_ptr<Runtime> runtime_;
};

/// add(text, integer) as one writes it by hand against Lua's C interface.
int plain_add(lua_State* state);

}  // namespace opshost::bench
