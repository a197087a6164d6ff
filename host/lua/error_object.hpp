#pragma once
// Error objects: what a script catches, made from opshost::Error and turned back into one.
//
// An error object is a table {code, message, target, op, retryable, maybe_applied, detail, cause, at}. A *stop*
// (cancel, an outer deadline, a plan's unknown, os.exit) has the same fields and another metatable: pcall passes it on.
#include <cstdint>
#include <lua.hpp>
#include <string>

#include "host/base/error.hpp"

namespace opshost::lua {

/// Creates the two metatables; once per VM.
void install_errors(lua_State* state);

/// All of these may raise (memory).
void push_error(lua_State* state, const Error& error);
/// `scope` names the ops.deadline block that may turn this stop into an ordinary error; 0: none may.
void push_stop(lua_State* state, const Error& error, std::uint64_t scope);
/// An error in the script itself: code "script.error", at the innermost script line of `state`.
void push_script_error(lua_State* state, const std::string& message);

bool is_error(lua_State* state, int index);  ///< an error object of either kind
bool is_stop(lua_State* state, int index);
std::uint64_t stop_scope(lua_State* state, int index);

/// Where an error object says it was raised; empty where it does not know.
std::string error_position(lua_State* state, int index);

/// Any Lua error value as an Error: an error object back to what it was made from, a string as "script.error" (or
/// "script.memory"), anything else described.
Error to_error(lua_State* state, int index);

/// "script.lua:12" of the innermost frame that is neither native nor opshost's own Lua. `return f()` leaves no frame of
/// its own: where no other is left, it is where the fiber's function begins. Empty outside of scripts.
std::string script_position(lua_State* state);
/// Where a function begins, "script.lua:12", or "script.lua" for a whole file; empty for a native one or one of
/// opshost's own. Pops it.
std::string function_position(lua_State* state);
/// Notes position and traceback in the error object on top of the stack, where it has none. May raise (memory).
void locate_error(lua_State* state);

/// Chunk names of opshost's own Lua begin with this; positions and the interrupt hook pass over them.
inline constexpr const char* kInternalChunk = "=[opshost]";
bool is_internal_chunk(const char* source);

/// One line a person can act on: "script.lua:12: local.run: exit code 3: ... [local.exit]".
std::string one_line(const Error& error, const std::string& at);

}  // namespace opshost::lua
