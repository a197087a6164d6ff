// Declarations made by stdlib files: the same descriptions C++ modules make, from tables.
#include <algorithm>

#include "host/lua/error_object.hpp"
#include "host/lua/natives.hpp"
#include "host/lua/normalize.hpp"
#include "host/lua/read_only.hpp"
#include "host/lua/type_text.hpp"
#include "host/lua/unknown.hpp"
#include "host/lua/vm.hpp"

namespace opshost::lua {

namespace {

std::string item_text(lua_State* state, int index, int position) {
  lua_rawgeti(state, index, position);
  const char* text = lua_tostring(state, -1);
  std::string value = text == nullptr ? "" : text;
  lua_pop(state, 1);
  return value;
}

/// Calls `each` with every element of the list in that field on top of the stack.
template <class Each>
void for_each_in(lua_State* state, int index, const char* field, Each each) {
  lua_getfield(state, index, field);
  const int list = lua_gettop(state);
  const int count = lua_istable(state, list) ? static_cast<int>(lua_objlen(state, list)) : 0;
  for (int i = 1; i <= count; ++i) {
    lua_rawgeti(state, list, i);
    each(lua_gettop(state));
    lua_settop(state, list);
  }
  lua_pop(state, 1);
}

// declare_module(name, summary, doc, example) -> the table of the module's C++ functions, to add to
int declare_module(lua_State* state) {
  return native_body(state, [state] {
    auto& module = Vm::of(state).declare_module(luaL_checkstring(state, 1), luaL_optstring(state, 2, ""));
    if (!lua_isnoneornil(state, 3)) module.doc(lua_tostring(state, 3));
    if (!lua_isnoneornil(state, 4)) module.example(lua_tostring(state, 4));
    lua_createtable(state, 0, 16);
    for (const auto& function : module.functions()) {
      if (function->hidden) continue;
      lua_pushlstring(state, function->name.data(), function->name.size());
      push_callable(state, *function);
      lua_rawset(state, -3);
    }
    return 1;
  });
}

Field read_field(lua_State* state, int index, const std::string& module) {
  Field field{.name = item_text(state, index, 1),
              .doc = item_text(state, index, 3),
              .type = &type_from_text(module, item_text(state, index, 2)),
              .required = field_flag(state, index, "required")};
  lua_getfield(state, index, "default");
  if (!lua_isnil(state, -1)) {
    field.default_value = value_from_lua(state, lua_gettop(state));
    field.default_text = describe(field.default_value);
  } else if (!field.required && field.type->kind != Kind::optional && field.type->kind != Kind::any) {
    field.type = &opshost::detail::optional_type(*field.type);
  }
  lua_pop(state, 1);
  return field;
}

// declare_record(module, name, doc, fields): fields are {name, type, doc, default=, required=}
int declare_record(lua_State* state) {
  return native_body(state, [state] {
    const std::string module = luaL_checkstring(state, 1);
    Type type{
        .kind = Kind::record, .name = luaL_checkstring(state, 2), .doc = luaL_checkstring(state, 3), .module = module};
    lua_createtable(state, 0, 1);
    lua_pushvalue(state, 4);
    lua_setfield(state, -2, "fields");
    for_each_in(state, lua_gettop(state), "fields",
                [&](int index) { type.fields.push_back(read_field(state, index, module)); });
    Vm::of(state).find_module(module)->add_type(keep_type(std::move(type)));
    return 0;
  });
}

// declare_handle(module, name, doc): an object whose methods are declared functions with owner = name
int declare_handle(lua_State* state) {
  return native_body(state, [state] {
    const std::string module = luaL_checkstring(state, 1);
    auto& type = keep_type(Type{
        .kind = Kind::handle, .name = luaL_checkstring(state, 2), .doc = luaL_checkstring(state, 3), .module = module});
    Vm::of(state).find_module(module)->add_lua_handle(type);
    return 0;
  });
}

// declare_error(module, code, meaning, advice [, record])
int declare_error(lua_State* state) {
  return native_body(state, [state] {
    const std::string module = luaL_checkstring(state, 1);
    const Type* detail = lua_isnoneornil(state, 5) ? nullptr : &type_from_text(module, lua_tostring(state, 5));
    Vm::of(state).find_module(module)->add_error(luaL_checkstring(state, 2), luaL_checkstring(state, 3),
                                                 luaL_checkstring(state, 4), detail);
    return 0;
  });
}

Effect effect_from(const std::string& text) {
  if (text == "change") return Effect::change;
  if (text == "destroy") return Effect::destroy;
  return Effect::observe;
}

std::shared_ptr<FunctionInfo> read_function_info(lua_State* state, const std::string& module) {
  auto info = std::make_shared<FunctionInfo>();
  info->module = module;
  info->name = item_text(state, 2, 1);
  info->owner = field_text(state, 2, "owner");
  info->doc = field_text(state, 2, "doc");
  info->result_doc = field_text(state, 2, "returns_doc");
  info->example = field_text(state, 2, "example");
  info->touches = field_text(state, 2, "touches");
  info->effect = effect_from(field_text(state, 2, "effect"));
  info->repeatable = field_flag(state, 2, "repeatable");
  info->waits = field_flag(state, 2, "waits");
  info->timeout = parse_duration(field_text(state, 2, "timeout"));
  info->variadic = field_flag(state, 2, "variadic");
  const auto result = field_text(state, 2, "returns");
  info->result = &type_from_text(module, result.empty() ? "nothing" : result);
  for_each_in(state, 2, "params", [&](int index) {
    info->params.push_back(
        {item_text(state, index, 1), item_text(state, index, 3), &type_from_text(module, item_text(state, index, 2))});
  });
  for_each_in(state, 2, "raises", [&](int index) { info->raises.emplace_back(lua_tostring(state, index)); });
  return info;
}

/// The handle type that a module of C++ declares under a name; nullptr: none. Other modules may have one of that name.
HandleClass* class_in(lua_State* state, const std::string& module, std::string_view name) {
  auto* declared = Vm::of(state).find_module(module);
  if (declared == nullptr) return nullptr;
  for (auto* handle_class : declared->handle_classes()) {
    if (handle_class->type.name == name) return handle_class;
  }
  return nullptr;
}

/// The handle a method is called on; throws where it is something else, or closed.
void check_self(lua_State* state, const FunctionInfo& info) {
  Mismatch mismatch;
  if (read_handle(state, 1, *class_in(state, info.module, info.owner), mismatch) != nullptr) return;
  if (mismatch.plan_unknown) throw PlanUnknown(mismatch.got);
  throw_wrong_argument(info, 0, mismatch);
}

/// "ops.each(list, {}, fn)" where the function was given in the place of options; empty: another mistake.
std::string with_options_named(lua_State* state, const FunctionInfo& info, int position, int given) {
  const bool is_function_too_early = lua_isfunction(state, position) && given < static_cast<int>(info.params.size()) &&
                                     info.params.back().type->kind == Kind::function;
  if (!is_function_too_early) return {};
  std::string names;
  for (const auto& param : info.params) {
    names += (names.empty() ? "" : ", ") + (param.type->kind == Kind::optional ? std::string("{}") : param.name);
  }
  return info.qualified() + "(" + names + ")";
}

// Upvalue 1: the FunctionInfo. check(...) -> the arguments in their normal form; of a method, without self
int check_arguments(lua_State* state) {
  const auto& info = *static_cast<const FunctionInfo*>(lua_touserdata(state, lua_upvalueindex(1)));
  return native_body(state, [&] {
    // An object written in Lua alone (declare_handle) looks at self itself.
    if (!info.owner.empty() && class_in(state, info.module, info.owner) != nullptr) {
      check_self(state, info);
      lua_remove(state, 1);
    }
    const int given = lua_gettop(state);
    const int declared = static_cast<int>(info.params.size());
    if (!info.variadic) check_argument_count(state, info, given);
    lua_settop(state, std::max(given, info.variadic ? declared - 1 : declared));
    const int count = lua_gettop(state);
    luaL_checkstack(state, count + 8, "too many arguments");
    for (int i = 1; i <= count; ++i) {
      const auto& param = info.params[static_cast<std::size_t>(std::min(i, declared) - 1)];
      Mismatch mismatch;
      if (!push_normalized(state, i, *param.type, mismatch)) {
        if (mismatch.plan_unknown) throw PlanUnknown(mismatch.got);
        if (const auto call = with_options_named(state, info, i, given); !call.empty()) {
          mismatch.problem = "expected " + mismatch.expected + ", got function, which comes last: " + call;
        }
        throw_wrong_argument(info, std::min(i, declared), mismatch);
      }
    }
    return count;
  });
}

// declare_function(module, {name, params = {{name, type, doc}}, returns =, doc =, ...}) -> check
int declare_function(lua_State* state) {
  return native_body(state, [state] {
    const std::string module = luaL_checkstring(state, 1);
    auto info = read_function_info(state, module);
    auto* kept = info.get();
    Vm::of(state).find_module(module)->add_lua_function(std::move(info));
    lua_pushlightuserdata(state, kept);
    lua_pushcclosure(state, check_arguments, 1);
    return 1;
  });
}

// declare_method(module, type, spec) -> check, which takes self first
int declare_method(lua_State* state) {
  return native_body(state, [state] {
    const std::string module = luaL_checkstring(state, 1);
    auto* handle_class = class_in(state, module, luaL_checkstring(state, 2));
    if (handle_class == nullptr) throw Error("internal.declaration", "no handle type of that name is declared");
    lua_remove(state, 2);
    auto info = read_function_info(state, module);
    info->owner = handle_class->type.name;
    auto* kept = info.get();
    Vm::of(state).find_module(module)->add_lua_method(*handle_class, std::move(info));
    lua_pushlightuserdata(state, kept);
    lua_pushcclosure(state, check_arguments, 1);
    return 1;
  });
}

// methods(module, type) -> the table in which scripts' calls find the methods of that handle type, to add to
int methods(lua_State* state) {
  return native_body(state, [state] {
    auto* handle_class = class_in(state, luaL_checkstring(state, 1), luaL_checkstring(state, 2));
    if (handle_class == nullptr) throw Error("internal.declaration", "no handle type of that name is declared");
    push_methods(state, *handle_class);
    return 1;
  });
}

// hidden(module) -> its hidden C++ functions by their qualified name ("Database:query")
int hidden(lua_State* state) {
  auto* module = Vm::of(state).find_module(luaL_checkstring(state, 1));
  lua_createtable(state, 0, 16);
  for (const auto& function : module->functions()) {
    if (!function->hidden) continue;
    const std::string name = function->owner.empty() ? function->name : function->qualified();
    lua_pushlstring(state, name.data(), name.size());
    push_callable(state, *function);
    lua_rawset(state, -3);
  }
  return 1;
}

// seal_module(table, name [, find]) -> read-only view of it; find(name) gives what it gets under a name on first touch
int seal_module(lua_State* state) {
  lua_settop(state, 3);
  lua_pushvalue(state, 1);
  push_read_only(state, lua_tostring(state, 2), Missing::raises, lua_isnil(state, 3) ? 0 : 3);
  return 1;
}

}  // namespace

int native_body(lua_State* state, const std::function<int()>& body) {
  int count = 0;
  try {
    count = body();
  } catch (const PlanUnknown& unknown) {
    push_plan_unknown(state, unknown.label);
    count = kRaise;
  } catch (const Error& error) {
    push_error(state, error);
    count = kRaise;
  }
  if (count != kRaise) return count;
  locate_error(state);
  return lua_error(state);
}

void add_declare_natives(lua_State* state) {
  set_native(state, "declare_module", declare_module);
  set_native(state, "declare_record", declare_record);
  set_native(state, "declare_handle", declare_handle);
  set_native(state, "declare_error", declare_error);
  set_native(state, "declare_function", declare_function);
  set_native(state, "declare_method", declare_method);
  set_native(state, "methods", methods);
  set_native(state, "hidden", hidden);
  set_native(state, "seal_module", seal_module);
}

}  // namespace opshost::lua
