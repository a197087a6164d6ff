#include "host/lua/source_names.hpp"

#include <algorithm>

#include "host/base/names.hpp"

namespace opshost {
namespace {

std::string in_quotes(std::string_view name) { return '"' + std::string(name) + '"'; }

/// `did you mean "x"?`, or an empty text.
std::string suggestion(std::string_view name, std::span<const std::string> candidates) {
  const auto nearest = nearest_name(name, candidates);
  return nearest ? "did you mean " + in_quotes(*nearest) + "?" : std::string();
}

const Type& without_optional(const Type& type) {
  return type.kind == Kind::optional && type.element != nullptr ? *type.element : type;
}

}  // namespace

const ModuleInfo* SourceNames::module(std::string_view name) const {
  const auto found = std::find_if(known_.modules.begin(), known_.modules.end(),
                                  [&](const ModuleInfo& module) { return module.name == name; });
  return found == known_.modules.end() ? nullptr : &*found;
}

std::optional<Suspicion> SourceNames::module_problem(std::string_view name) const {
  if (module(name) != nullptr || global(name) != nullptr) return std::nullopt;
  if (const RemovedName* gone = removed(name)) {
    return Suspicion{.text = "there is no " + in_quotes(name) + " here",
                     .suggestion = "use " + std::string(gone->instead)};
  }
  if (!known_.is_module || known_.is_module(name)) return std::nullopt;
  std::vector<std::string> names;
  for (const ModuleInfo& module : known_.modules) names.push_back(module.name);
  return Suspicion{.text = "unknown module " + in_quotes(name), .suggestion = suggestion(name, names)};
}

std::vector<std::string> SourceNames::members(const ModuleInfo& module) const {
  std::vector<std::string> names;
  for (const auto& function : module.functions) names.push_back(function->name);
  for (const HandleInfo& handle : module.handles) {
    if (handle.type != nullptr) names.push_back(handle.type->name);
  }
  for (const Type* type : module.types) names.push_back(type->name);
  if (const auto values = known_.module_values.find(module.name); values != known_.module_values.end()) {
    names.insert(names.end(), values->second.begin(), values->second.end());
  }
  // ops.inventory may also be reached through ops.
  const std::string prefix = module.name + ".";
  for (const ModuleInfo& other : known_.modules) {
    if (other.name.starts_with(prefix)) names.push_back(other.name.substr(prefix.size()));
  }
  return names;
}

Meaning SourceNames::member(const ModuleInfo& module, std::string_view name) const {
  Meaning meaning;
  for (const auto& function : module.functions) {
    if (function->name == name) meaning.function = function.get();
  }
  return meaning;
}

std::optional<Suspicion> SourceNames::member_problem(const ModuleInfo& module, std::string_view name) const {
  const std::vector<std::string> names = members(module);
  if (std::find(names.begin(), names.end(), name) != names.end()) return std::nullopt;
  return Suspicion{.text = in_quotes(module.name) + " has no function " + in_quotes(name),
                   .suggestion = suggestion(name, names)};
}

const HandleInfo* SourceNames::handle(const Type& type) const {
  for (const ModuleInfo& module : known_.modules) {
    for (const HandleInfo& handle : module.handles) {
      if (handle.type == &type) return &handle;
    }
  }
  return nullptr;
}

const FunctionInfo* SourceNames::method(const Type& type, std::string_view name) const {
  const HandleInfo* found = handle(type);
  if (found == nullptr) return nullptr;
  for (const auto& method : found->methods) {
    if (method->name == name) return method.get();
  }
  return nullptr;
}

std::optional<Suspicion> SourceNames::method_problem(const Type& type, std::string_view name) const {
  const HandleInfo* found = handle(type);
  // The host gives `close` to handles without a declaration of its own.
  if (found == nullptr || name == "close" || method(type, name) != nullptr) return std::nullopt;
  std::vector<std::string> names;
  for (const auto& method : found->methods) names.push_back(method->name);
  return Suspicion{.text = "a " + type.name + " has no method " + in_quotes(name),
                   .suggestion = suggestion(name, names)};
}

std::optional<Suspicion> SourceNames::field_problem(const Type& record, std::string_view name) const {
  std::vector<std::string> names;
  for (const Field& field : record.fields) {
    if (field.name == name) return std::nullopt;
    names.push_back(field.name);
  }
  return Suspicion{.text = "unknown field " + in_quotes(name) + " of " + record.name,
                   .suggestion = suggestion(name, names)};
}

const GlobalInfo* SourceNames::global(std::string_view name) const {
  const auto found = std::find_if(known_.globals.begin(), known_.globals.end(),
                                  [&](const GlobalInfo& global) { return global.name == name; });
  return found == known_.globals.end() ? nullptr : &*found;
}

const RemovedName* SourceNames::removed(std::string_view name) const {
  const auto found = std::find_if(known_.removed.begin(), known_.removed.end(),
                                  [&](const RemovedName& gone) { return gone.name == name; });
  return found == known_.removed.end() ? nullptr : &*found;
}

Suspicion SourceNames::global_problem(std::string_view name, std::vector<std::string> locals) const {
  if (const RemovedName* gone = removed(name)) {
    return {.text = "there is no " + in_quotes(name) + " here", .suggestion = "use " + std::string(gone->instead)};
  }
  Suspicion problem{.text = "unknown global " + in_quotes(name)};
  if (module(name) != nullptr) {
    problem.suggestion = "say local " + std::string(name) + " = require " + in_quotes(name) + " first";
    return problem;
  }
  for (const GlobalInfo& global : known_.globals) locals.emplace_back(global.name);
  problem.suggestion = suggestion(name, locals);
  return problem;
}

std::optional<Suspicion> SourceNames::library_problem(const GlobalInfo& library, std::string_view name) const {
  const auto& fields = library.fields;
  if (fields.empty() || std::find(fields.begin(), fields.end(), name) != fields.end()) return std::nullopt;
  const std::string full = std::string(library.name) + "." + std::string(name);
  if (const RemovedName* gone = removed(full)) {
    return Suspicion{.text = "there is no " + in_quotes(full) + " here",
                     .suggestion = "use " + std::string(gone->instead)};
  }
  const std::vector<std::string> names(fields.begin(), fields.end());
  return Suspicion{.text = in_quotes(library.name) + " has no function " + in_quotes(name),
                   .suggestion = suggestion(name, names)};
}

Meaning meaning_of(const Type* type) {
  Meaning meaning;
  if (type == nullptr) return meaning;
  const Type& inner = without_optional(*type);
  if (inner.kind == Kind::handle || inner.kind == Kind::list || inner.kind == Kind::stream) meaning.value = &inner;
  return meaning;
}

Meaning meaning_of_element(const Meaning& iterated) {
  Meaning meaning = iterated.value == nullptr ? Meaning() : meaning_of(iterated.value->element);
  meaning.through = iterated.through;
  return meaning;
}

}  // namespace opshost
