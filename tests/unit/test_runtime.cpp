#include "test_runtime.hpp"

#include "host/lua/ops_module.hpp"

namespace opshost::test {

namespace {

constexpr const char* kLocals = "local bench, ops = require 'bench', require 'ops'; ";

std::vector<lua::ModuleEntry> all_modules(const std::vector<lua::ModuleEntry>& more) {
  auto entries = bench_modules(more);
  entries.push_back({"ops", "The root module", lua::declare_ops});
  return entries;
}

std::string join(const std::vector<std::string>& parts, const char* separator) {
  std::string text;
  for (const auto& part : parts) text += (text.empty() ? "" : separator) + part;
  return text;
}

}  // namespace

TestRuntime::TestRuntime(lua::VmOptions options, const std::vector<lua::ModuleEntry>& more)
    : runtime(std::move(options), all_modules(more)) {}

std::string TestRuntime::run(const std::string& text) {
  std::vector<std::string> values;
  const auto outcome = runtime.run_text(kLocals + text, "=script.lua", {}, [&](lua_State* thread, int results) {
    for (int i = 1; i <= results; ++i) values.push_back(describe(lua::value_from_lua(thread, i), 4000));
  });
  return outcome.returned ? join(values, ", ") : lua::one_line(outcome.error, outcome.at);
}

Outcome TestRuntime::outcome(const std::string& text) { return runtime.run_text(kLocals + text, "=script.lua", {}); }

std::string TestRuntime::plan(const std::string& text) {
  auto& gate = runtime.gate();
  runtime.begin_plan();
  gate.plan = {};
  const auto result = outcome(text);
  gate.mode = gate::Mode::live;
  if (result.returned) return {};
  if (result.error.code() != "plan.unknown") return lua::one_line(result.error, result.at);
  gate.plan.add_unknown(result.error.message(), result.at);
  return {};
}

std::string TestRuntime::log() const { return join(bench.log, "; "); }

}  // namespace opshost::test
