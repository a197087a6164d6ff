#include "host/docs/catalog.hpp"

#include <algorithm>
#include <utility>

namespace opshost::docs {

bool is_inline_choice(const Type& type) { return type.kind == Kind::enumeration && type.name.starts_with('"'); }

bool is_named(const Type& type) {
  if (is_inline_choice(type)) return false;
  return type.kind == Kind::record || type.kind == Kind::handle || type.kind == Kind::enumeration;
}

bool may_be_left_out(const Type& type) {
  if (type.kind == Kind::optional) return true;
  return type.kind == Kind::record &&
         std::none_of(type.fields.begin(), type.fields.end(), [](const Field& field) { return field.required; });
}

std::vector<const FunctionInfo*> functions_of(const ModuleInfo& module) {
  std::vector<const FunctionInfo*> all;
  for (const auto& function : module.functions) all.push_back(function.get());
  for (const HandleInfo& handle : module.handles) {
    for (const auto& method : handle.methods) all.push_back(method.get());
  }
  return all;
}

Catalog::Catalog(std::span<const ModuleInfo> modules, std::span<const ErrorInfo> common_errors,
                 std::span<const Topic> topics)
    : modules_(modules), common_errors_(common_errors), topics_(topics) {
  // What a module lists is its own, before what another only mentions.
  for (const ModuleInfo& module : modules_) {
    for (const HandleInfo& handle : module.handles) adopt(module, handle.type);
    for (const Type* type : module.types) adopt(module, type);
  }
  for (const ModuleInfo& module : modules_) adopt_mentioned(module);
  std::set<const Type*> seen;
  for (const ModuleInfo& module : modules_) {
    for (const FunctionInfo* function : functions_of(module)) {
      for (const ParamInfo& param : function->params) {
        for_each_type(param.type, seen, [&](const Type& type) { arguments_.insert(&type); });
      }
    }
  }
}

void Catalog::adopt(const ModuleInfo& module, const Type* type) {
  if (type == nullptr || !is_named(*type) || owners_.contains(type)) return;
  if (!type->module.empty() && type->module != module.name && this->module(type->module) != nullptr) return;
  // An interface that bindings share (a route) is named as the handle that fulfils it.
  const auto is_twin = [&](const Type* known) { return known->kind == Kind::handle && known->name == type->name; };
  const auto& own = types_[&module];
  if (type->kind == Kind::handle && std::any_of(own.begin(), own.end(), is_twin)) return;
  owners_.emplace(type, &module);
  types_[&module].push_back(type);
}

void Catalog::adopt_mentioned(const ModuleInfo& module) {
  std::set<const Type*> seen;
  const auto visit = [&](const Type& type) { adopt(module, &type); };
  for (const FunctionInfo* function : functions_of(module)) {
    for (const ParamInfo& param : function->params) for_each_type(param.type, seen, visit);
    for_each_type(function->result, seen, visit);
  }
  for (const Type* type : module.types) for_each_type(type, seen, visit);
  for (const ErrorInfo& error : module.errors) for_each_type(error.detail, seen, visit);
}

const ModuleInfo* Catalog::module(std::string_view name) const {
  const auto found =
      std::find_if(modules_.begin(), modules_.end(), [&](const ModuleInfo& module) { return module.name == name; });
  return found == modules_.end() ? nullptr : &*found;
}

const FunctionInfo* Catalog::function(std::string_view qualified) const {
  for (const ModuleInfo& module : modules_) {
    for (const FunctionInfo* function : functions_of(module)) {
      if (function->qualified() == qualified) return function;
      if (function->owner.empty()) continue;
      const std::string path = module.name + "." + function->owner;
      if (qualified == path + ":" + function->name || qualified == path + "." + function->name ||
          qualified == function->owner + "." + function->name) {
        return function;
      }
    }
  }
  return nullptr;
}

std::vector<const Type*> Catalog::types(std::string_view name) const {
  std::vector<const Type*> found;
  for (const ModuleInfo& module : modules_) {
    for (const Type* type : types_of(module)) {
      if (type->name == name || module.name + "." + type->name == name) found.push_back(type);
    }
  }
  return found;
}

const HandleInfo* Catalog::handle(const Type& type) const {
  for (const ModuleInfo& module : modules_) {
    for (const HandleInfo& handle : module.handles) {
      if (handle.type == &type) return &handle;
    }
  }
  return nullptr;
}

const ErrorInfo* Catalog::error(std::string_view code) const {
  for (const ErrorInfo& error : common_errors_) {
    if (error.code == code) return &error;
  }
  for (const ModuleInfo& module : modules_) {
    for (const ErrorInfo& error : module.errors) {
      if (error.code == code) return &error;
    }
  }
  return nullptr;
}

const Topic* Catalog::topic(std::string_view name) const {
  const auto found =
      std::find_if(topics_.begin(), topics_.end(), [&](const Topic& topic) { return topic.name == name; });
  return found == topics_.end() ? nullptr : &*found;
}

std::vector<const Type*> Catalog::types_of(const ModuleInfo& module) const {
  const auto found = types_.find(&module);
  return found == types_.end() ? std::vector<const Type*>() : found->second;
}

std::string Catalog::module_of(const Type& type) const {
  const auto found = owners_.find(&type);
  return found == owners_.end() ? type.module : found->second->name;
}

std::vector<const FunctionInfo*> Catalog::users_of(const Type& type) const {
  std::vector<const FunctionInfo*> users;
  for (const ModuleInfo& module : modules_) {
    for (const FunctionInfo* function : functions_of(module)) {
      std::set<const Type*> mentioned;
      const auto ignore = [](const Type&) {};
      for (const ParamInfo& param : function->params) for_each_type(param.type, mentioned, ignore);
      for_each_type(function->result, mentioned, ignore);
      if (mentioned.contains(&type)) users.push_back(function);
    }
  }
  return users;
}

std::vector<std::string> Catalog::names() const {
  std::vector<std::string> all;
  for (const ModuleInfo& module : modules_) {
    all.push_back(module.name);
    for (const FunctionInfo* function : functions_of(module)) all.push_back(function->qualified());
    for (const Type* type : types_of(module)) all.push_back(type->name);
  }
  for (const Topic& topic : topics_) all.push_back(topic.name);
  return all;
}

std::vector<std::string> Catalog::error_codes() const {
  std::vector<std::string> codes;
  for (const ErrorInfo& error : common_errors_) codes.push_back(error.code);
  for (const ModuleInfo& module : modules_) {
    for (const ErrorInfo& error : module.errors) codes.push_back(error.code);
  }
  return codes;
}

}  // namespace opshost::docs
