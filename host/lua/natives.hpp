#pragma once
// Native functions only opshost's own Lua (stdlib) sees: fibers, groups, deadlines, errors, declarations, text.
#include <functional>
#include <lua.hpp>
#include <string>
#include <string_view>

namespace opshost::journal {
class RunJournal;
}

namespace opshost::lua {

/// Each adds its functions to the table on top of the stack. May raise (memory).
void add_fiber_natives(lua_State* state);
void add_error_natives(lua_State* state);
void add_loader_natives(lua_State* state);
void add_declare_natives(lua_State* state);
void add_unknown_natives(lua_State* state);
void add_gate_natives(lua_State* state);
void add_text_natives(lua_State* state);
void add_secret_natives(lua_State* state);
void add_inventory_natives(lua_State* state);
void add_hold_natives(lua_State* state);
void add_output_natives(lua_State* state);
void add_scope_natives(lua_State* state);
void add_journal_natives(lua_State* state);
void add_history_natives(lua_State* state);
void add_run_natives(lua_State* state);
void add_question_natives(lua_State* state);

/// Pushes what stdlib/opshost/NAME.lua returns. May raise.
void push_internal(lua_State* state, const char* name);

/// Runs `body`, which returns how many results it pushed; an Error it throws becomes the Lua error it is.
int native_body(lua_State* state, const std::function<int()>& body);

/// For those tables: sets `name` to the function.
void set_native(lua_State* state, const char* name, lua_CFunction function);

/// The string argument at `index`, as long as that is on the stack; raises where there is none.
std::string_view view_at(lua_State* state, int index);
/// The same, copied.
std::string text_at(lua_State* state, int index);
/// The journal of the procedure in progress; there has to be one.
journal::RunJournal& run_of(lua_State* state);

/// A field of the table at `index`; empty where it is no string.
std::string field_text(lua_State* state, int index, const char* field);
/// The same as a truth value; false where it is absent.
bool field_flag(lua_State* state, int index, const char* field);

}  // namespace opshost::lua
