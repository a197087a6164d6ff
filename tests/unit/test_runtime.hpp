#pragma once
// A whole runtime with the binding `bench` in it, for tests that run Lua.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "host/lua/convert.hpp"
#include "host/lua/error_object.hpp"
#include "host/runtime.hpp"
#include "test_module.hpp"

namespace opshost::test {

inline std::vector<lua::ModuleEntry> bench_modules(const std::vector<lua::ModuleEntry>& more) {
  std::vector<lua::ModuleEntry> entries{{"bench", "Everything a declaration may have", declare_bench}};
  entries.insert(entries.end(), more.begin(), more.end());
  return entries;
}

class TestRuntime {
 public:
  explicit TestRuntime(lua::VmOptions options = {}, const std::vector<lua::ModuleEntry>& more = {});
  /// Every fiber has ended by then.
  ~TestRuntime() {
    CHECK(runtime.scheduler().fiber_count() == 0);
    bench.gates.clear();  // timers of the loop that goes now
  }

  Bench bench;  // before the runtime: what it holds counts itself here
  Runtime runtime;

  /// Runs the chunk script.lua with the locals `bench` and `ops`. What it returns as a person reads it, several values
  /// separated by ", "; where it raises, the one line a person gets: "script.lua:1: bench.two: ... [usage.argument]".
  std::string run(const std::string& text);
  /// The same with everything there is to know.
  Outcome outcome(const std::string& text);
  /// Runs it as a plan; a plan.unknown of the script is one of the plan, as `opshost plan` has it. Empty, or the error.
  std::string plan(const std::string& text);

  [[nodiscard]] std::string log() const;
};

}  // namespace opshost::test
