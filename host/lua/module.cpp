#include "host/lua/module.hpp"

#include <algorithm>

#include "host/gate/touches_nothing.hpp"
#include "host/lua/read_only.hpp"
#include "host/lua/type_text.hpp"
#include "host/lua/vm.hpp"

namespace opshost::lua {

void detail::apply(FunctionInfo& info, const Raises& raises) {
  for (const char* code : raises.codes) info.raises.emplace_back(code);
}

void detail::throw_immediate_change(const char* name) {
  throw Error("internal.declaration", std::string(name) +
                                          " is declared as a change and answers at once; a change waits for "
                                          "its record, so it returns an Awaitable");
}

Module::Module(std::string name, std::string summary) {
  info_.name = std::move(name);
  info_.summary = std::move(summary);
}

Module& Module::doc(std::string text) {
  info_.doc = std::move(text);
  return *this;
}

Module& Module::example(std::string lua) {
  info_.example = std::move(lua);
  return *this;
}

Module& Module::subject(std::string text) {
  subject_ = std::move(text);
  return *this;
}

void Module::finish(Callable& callable) {
  callable.module = info_.name;
  if (callable.result != nullptr) publish_types(info_.name, *callable.result);
  for (const auto& param : callable.params) {
    if (param.type != nullptr) publish_types(info_.name, *param.type);
  }
  // Of a module that touches nothing no method touches its handle either.
  if (callable.touches.empty() && subject_ == gate::kTouchesNothing) callable.touches = subject_;
  if (callable.hidden) return;
  mention(callable.result);
  for (const auto& param : callable.params) mention(param.type);
}

void Module::add_function(std::shared_ptr<Callable> callable) {
  finish(*callable);
  if (callable->touches.empty()) callable->touches = subject_;
  if (!callable->hidden) info_.functions.push_back(callable);
  functions_.push_back(std::move(callable));
}

void Module::add_lua_function(std::shared_ptr<const FunctionInfo> function) {
  mention(function->result);
  for (const auto& param : function->params) mention(param.type);
  for (auto& handle : info_.handles) {
    if (handle.type->name == function->owner) return handle.methods.push_back(std::move(function));
  }
  info_.functions.push_back(std::move(function));
}

void Module::add_method(HandleClass& handle_class, std::shared_ptr<Callable> callable) {
  callable->owner = handle_class.type.name;
  finish(*callable);
  if (callable->hidden) {
    functions_.push_back(std::move(callable));
    return;
  }
  handle_class.methods.push_back(callable);
  info_of(handle_class).methods.push_back(std::move(callable));
}

void Module::add_lua_method(HandleClass& handle_class, std::shared_ptr<const FunctionInfo> method) {
  mention(method->result);
  for (const auto& param : method->params) mention(param.type);
  auto& names = handle_class.lua_method_names;
  if (std::find(names.begin(), names.end(), method->name) == names.end()) names.push_back(method->name);
  info_of(handle_class).methods.push_back(std::move(method));
}

HandleInfo& Module::info_of(const HandleClass& handle_class) {
  return *std::find_if(info_.handles.begin(), info_.handles.end(),
                       [&](const HandleInfo& known) { return known.type == &handle_class.type; });
}

void Module::add_handle(HandleClass& handle_class, const char* name, const char* doc) {
  handle_class.methods.clear();
  handle_class.lua_method_names.clear();
  handle_class.type = Type{.kind = Kind::handle, .name = name, .doc = doc, .module = info_.name};
  opshost::detail::rename_composed_of(handle_class.type);
  register_handle_class(handle_class);
  handles_.push_back(&handle_class);
  info_.handles.push_back({.type = &handle_class.type, .methods = {}});
}

Module& Module::add_error(const char* code, const char* meaning, const char* advice, const Type* detail) {
  if (detail != nullptr) mention(detail);
  info_.errors.push_back({code, meaning, advice, detail});
  return *this;
}

// Records and enumerations the functions speak of, each once, nested ones too.
void Module::mention(const Type* type) {
  if (type == nullptr) return;
  if (type->element != nullptr) mention(type->element);
  for (const auto* alternative : type->alternatives) mention(alternative);
  if (type->kind != Kind::record && type->kind != Kind::enumeration) return;
  if (std::find(info_.types.begin(), info_.types.end(), type) != info_.types.end()) return;
  info_.types.push_back(type);
  for (const auto& field : type->fields) mention(field.type);
}

void push_module(lua_State* state, Module& module) {
  lua_createtable(state, 0, static_cast<int>(module.functions().size()));
  for (const auto& function : module.functions()) {
    if (function->hidden) continue;
    lua_pushlstring(state, function->name.data(), function->name.size());
    push_callable(state, *function);
    lua_rawset(state, -3);
  }
  push_read_only(state, module.info().name, Missing::raises);
}

}  // namespace opshost::lua
