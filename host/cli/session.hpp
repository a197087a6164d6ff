#pragma once
// What the commands that run Lua share: their options, the runtime, the report of an error.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/cli/command.hpp"
#include "host/lua/inventory_choice.hpp"
#include "host/lua/script_files.hpp"
#include "host/runtime.hpp"

namespace opshost::cli {

/// The bindings of this build, as main.cpp lists them.
using Modules = std::vector<lua::ModuleEntry>;

struct SessionOptions {
  lua::VmOptions vm;
  std::vector<std::string> script_folders;  ///< --scripts, before the default ones
  std::optional<std::string> log_file;
  bool verbose = false;
  bool json = false;
  bool observe_only = false;
  InventoryChoice inventory;
};

/// The options every command that runs Lua takes: --memory, --scripts, --inventory, --limit, --log and so on.
std::vector<Option> session_options(const std::shared_ptr<SessionOptions>& options);

/// --inventory and --limit, among those: a procedure takes them behind its name, too.
std::vector<Option> inventory_options(InventoryChoice& choice);

/// --json.
Option json_option(const std::shared_ptr<SessionOptions>& options, const char* doc);

/// The runtime for these options, with the log set up.
std::unique_ptr<Runtime> open_session(const SessionOptions& options, const Modules& modules);

/// Has scripts work on these hosts. Throws Error usage.option for --limit without --inventory.
void choose_inventory(const InventoryChoice& choice);

/// Reads the inventory, so that a script begins only where the choice has hosts; reports what is wrong with it. The
/// exit code, or nullopt to go on.
std::optional<int> read_inventory(const SessionOptions& options, Runtime& runtime);

/// Says on stderr what failed, where in the script, what was seen and what to do; under --json also on stdout, as the
/// last field of this document.
void report(const Outcome& outcome, const SessionOptions& options, Runtime& runtime, ValueMap document = {});

/// How long a run that was interrupted waits for a reader of its output that takes nothing.
inline constexpr Duration kReaderPatience = std::chrono::seconds(1);

/// Writes to stderr, secrets blanked, after all that goes to stdout.
void say(const std::string& text);

/// Reads the script a person named: a file, or a module name ("ark.facts"). Sets the folder `require` looks in first.
lua::ScriptSource find_named_script(const std::string& name, Runtime& runtime);

}  // namespace opshost::cli
