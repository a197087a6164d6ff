#pragma once
// One LuaJIT state: its memory limit, what scripts find in it, where modules come from.
#include <functional>
#include <lua.hpp>
#include <memory>
#include <string>
#include <vector>

#include "host/base/size.hpp"
#include "host/lua/allocator.hpp"
#include "host/lua/context.hpp"
#include "host/lua/module.hpp"

namespace opshost::lua {

struct ScriptSource;

struct VmOptions {
  Size memory = 1_GiB;                   ///< --memory: what the script may use
  bool jit = false;                      ///< --jit: compiled loops ignore Ctrl-C and deadlines
  bool unsafe_lua = false;               ///< --unsafe-lua: ffi, debug, os.execute, io.popen, bytecode are back
  std::vector<std::string> script_path;  ///< folders of site scripts, first wins
};

class Vm {
 public:
  Vm(VmOptions options, std::vector<ModuleEntry> modules);
  ~Vm();
  Vm(const Vm&) = delete;
  Vm& operator=(const Vm&) = delete;

  [[nodiscard]] lua_State* state() const { return state_; }
  [[nodiscard]] Context& context() { return context_; }
  [[nodiscard]] const VmOptions& options() const { return options_; }
  [[nodiscard]] const Allocator& allocator() const { return allocator_; }
  /// Collects all garbage where memory is getting short; `running` is the thread whose code runs.
  void collect_if_wanted(lua_State* running);
  void set_script_folder(std::string folder) { script_folder_ = std::move(folder); }
  [[nodiscard]] const std::string& script_folder() const { return script_folder_; }

  /// Closes the Lua state: handles are collected now. What is left behind must not touch it, see alive().
  void close();
  /// Expired once the Lua state is closed: asked by what may outlive it (a callback's registry slot in a suspended
  /// call).
  [[nodiscard]] std::weak_ptr<const bool> alive() const { return alive_; }

  /// Makes what the prelude needs of the fibers; called once, when `context` is filled.
  void start();

  /// From now on Lua's own functions raise plan.unknown where a plan's unknowns reach them. Before any script runs: one
  /// that keeps such a function in a local has it as it was.
  void guard_unknowns();

  /// From now on every chunk shares one environment, with plain Lua rules: what a REPL's line assigns, the next sees.
  void use_one_environment();

  /// A Lua file that was read to be run: its hash goes into the journal of a run.
  struct LoadedFile {
    std::string name;  ///< "/etc/opshost/scripts/ark/facts.lua"; "scripts/ark/facts.lua" built in
    std::string sha256;
    bool built_in = false;
  };
  void note_loaded(const ScriptSource& source);
  [[nodiscard]] const std::vector<LoadedFile>& loaded_files() const { return loaded_files_; }
  /// Told of each file loaded from then on.
  void on_loaded(std::function<void(const LoadedFile&)> told) { told_of_files_ = std::move(told); }

  /// What a script finds in ops.args; set before it runs.
  void set_arguments(const std::vector<std::string>& arguments);

  /// The declared module of that name: a binding, or one that stdlib has declared so far. nullptr: none.
  Module* find_module(const std::string& name);
  /// The module a stdlib file is declaring; made on first use.
  Module& declare_module(const std::string& name, const std::string& summary);
  [[nodiscard]] const std::vector<ModuleEntry>& module_entries() const { return entries_; }
  /// Every module declared so far, in order.
  [[nodiscard]] std::vector<const ModuleInfo*> declared() const;

  /// Pushes the environment the next chunk gets. May raise (memory).
  void push_chunk_environment();

  static Vm& of(lua_State* state);

 private:
  void open_libraries();
  void run_prelude();

  VmOptions options_;
  std::vector<ModuleEntry> entries_;
  Context context_;
  std::string script_folder_;
  std::vector<LoadedFile> loaded_files_;
  std::function<void(const LoadedFile&)> told_of_files_;
  int shared_environment_ = LUA_NOREF;
  Allocator allocator_;
  std::vector<std::unique_ptr<Module>> modules_;
  lua_State* state_ = nullptr;
  std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

/// The main thread of the VM, for what must outlive a coroutine.
lua_State* main_state(lua_State* state);

/// Pushes the prelude's `waits`, which turns a native start function into one that looks synchronous.
void push_waits(lua_State* state);

/// Loads text (never bytecode) as a chunk in a strict environment of its own and pushes the function. False: the error
/// message is pushed instead.
bool load_chunk(lua_State* state, const std::string& text, const std::string& chunk_name);

}  // namespace opshost::lua
