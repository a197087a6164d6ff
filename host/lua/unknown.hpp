#pragma once
// Typed unknowns: what a call that is only planned "returns". LuaJIT cdata, because a table or userdata would answer
// `== nil`, `#` and pairs wrongly in silence; cdata asks us.
#include <lua.hpp>
#include <string>

#include "host/lua/type.hpp"

namespace opshost::lua {

/// Pushes an unknown of that type; `label` says of what ("stdout of change 7"). Comparing, counting, iterating it, or
/// reading a boolean or optional field of it, raises plan.unknown. Nothing pushed for Kind::nothing but nil.
/// A boolean or optional itself cannot be such a value (`if` would take it as true): plan.unknown is raised at once.
void push_unknown(lua_State* state, const Type& type, const std::string& label);
/// False for a boolean or optional.
bool can_be_unknown(const Type& type);
/// The stop plan.unknown: what `label` names is not known before the run. May raise (memory).
void push_plan_unknown(lua_State* state, const std::string& label);

/// True for an unknown; `label` gets what it is of.
bool is_unknown(lua_State* state, int index, std::string* label = nullptr);

// 64-bit integers a Lua number cannot hold exactly share the machinery: ops.int64.

/// True for ops.int64 and for LuaJIT's own 64-bit literals; fills `is_unsigned` and `bits`.
bool to_int64(lua_State* state, int index, bool& is_unsigned, std::uint64_t& bits);
/// May raise (memory).
void push_int64(lua_State* state, bool is_unsigned, std::uint64_t bits);

/// Lua's type number of cdata, which lua.h does not name.
inline constexpr int kLuaCdata = 10;

}  // namespace opshost::lua
