#include "host/runtime.hpp"

#include <set>

#include "host/cli/exit_code_of.hpp"
#include "host/lua/error_object.hpp"
#include "host/lua/interrupt.hpp"
#include "host/lua/script_files.hpp"
#include "host/lua/traceback.hpp"

namespace opshost {

Runtime::Runtime(lua::VmOptions options, std::vector<lua::ModuleEntry> modules)
    : vm_(std::move(options), std::move(modules)), scheduler_(vm_.state()), watchdog_(scheduler_) {
  vm_.context() = {.scheduler = &scheduler_, .blocking = &blocking_, .gate = &gate_};
  lua::install_interrupt(vm_.state(), scheduler_);
  vm_.start();
}

// Handles are collected while the loop they belong to is still there; fibers go first, they hold parts of the VM.
Runtime::~Runtime() {
  lua::remove_interrupt();
  scheduler_.drop_fibers();
  vm_.close();
}

void Runtime::begin_plan() {
  gate_.mode = gate::Mode::plan;
  vm_.guard_unknowns();
}

namespace {

/// Lua's own errors are strings that begin with where they were raised.
void split_position(Outcome& outcome) {
  const auto& message = outcome.error.message();
  const auto length = lua::position_length(message);
  if (length == 0 || outcome.traceback.find("  " + message.substr(0, length)) == std::string::npos) return;
  outcome.at = message.substr(0, length);
  outcome.error = Error("script.error", message.substr(length + 2));
}

/// What the fiber raised, where, and the script's frames.
void describe_failure(const fiber::Fiber& fiber, Outcome& outcome) {
  lua_State* thread = fiber.thread;
  outcome.error = lua::to_error(thread, -1);
  if (lua::is_error(thread, -1)) outcome.at = lua::error_position(thread, -1);
  outcome.traceback = lua::error_traceback(thread);
  if (outcome.at.empty() && outcome.error.code() == "script.error") split_position(outcome);
  // LuaJIT no longer knows the line of an error that its own code raised, as when memory ran out.
  if (outcome.at.empty() && outcome.traceback.empty()) outcome.at = fiber.begun_at;
}

}  // namespace

// Interruption wins over whatever else the run ended with.
Outcome Runtime::outcome_of(fiber::Fiber& fiber) {
  Outcome outcome;
  outcome.returned = fiber.returned;
  if (fiber.state == fiber::Fiber::State::ended && !fiber.returned) describe_failure(fiber, outcome);
  if (const int signal = watchdog_.interrupted_by(); signal != 0) {
    if (outcome.error.code() != "interrupted") outcome.error = Error("interrupted", "interrupted");
    outcome.returned = false;
    outcome.exit_code = 128 + signal;
  } else if (!outcome.returned) {
    outcome.exit_code = exit_code_of(outcome.error);
  }
  return outcome;
}

Outcome Runtime::run_function(const std::vector<std::string>& arguments,
                              const std::function<void(lua_State*, int)>& on_return) {
  lua_State* main = vm_.state();
  vm_.set_arguments(arguments);
  for (const auto& argument : arguments) lua_pushlstring(main, argument.data(), argument.size());
  return run_prepared(static_cast<int>(arguments.size()), on_return);
}

Outcome Runtime::run_prepared(int arguments, const std::function<void(lua_State*, int)>& on_return) {
  auto& fiber = scheduler_.spawn(nullptr, vm_.state(), arguments);
  lua_pushvalue(fiber.thread, 1);
  fiber.begun_at = lua::function_position(fiber.thread);
  scheduler_.run_until_ended(fiber);
  auto outcome = outcome_of(fiber);
  if (outcome.returned && on_return) on_return(fiber.thread, lua_gettop(fiber.thread));
  if (!scheduler_.stopped_now()) scheduler_.discard(fiber);
  return outcome;
}

Outcome Runtime::run_text(const std::string& text, const std::string& chunk_name,
                          const std::vector<std::string>& arguments,
                          const std::function<void(lua_State*, int)>& on_return) {
  vm_.collect_if_wanted(vm_.state());
  if (!lua::load_chunk(vm_.state(), text, chunk_name)) {
    Outcome outcome;
    const auto problem = lua::to_error(vm_.state(), -1);
    outcome.error = problem.code() == "script.memory" ? problem : Error("script.syntax", problem.message());
    outcome.exit_code = exit_code_of(outcome.error);
    lua_pop(vm_.state(), 1);
    return outcome;
  }
  return run_function(arguments, on_return);
}

void Runtime::declare_all() {
  std::set<std::string> names;
  for (const auto& entry : vm_.module_entries()) names.insert(entry.name);
  for (auto& name : lua::stdlib_modules()) names.insert(std::move(name));
  for (const auto& name : names) {
    const auto outcome = run_text("require(...)", "=[opshost] declare", {name});
    if (!outcome.returned) throw outcome.error;
  }
}

std::vector<ModuleInfo> Runtime::declared_modules() {
  declare_all();
  std::vector<ModuleInfo> modules;
  for (const auto* module : vm_.declared()) modules.push_back(*module);
  return modules;
}

}  // namespace opshost
