#pragma once
// Everything declared, looked up by name: what each generator of this folder reads. A view: the modules must outlive
// it.
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/lua/description.hpp"

namespace opshost::docs {

/// A page of help about something no declaration holds: durations, exit codes, plans.
struct Topic {
  std::string name;     ///< as `opshost help` takes it: "exit codes" is asked for as exit-codes
  std::string summary;  ///< one line, no full stop
  std::string text;     ///< Markdown: paragraphs, "- " lists, code indented by four spaces
};

class Catalog {
 public:
  /// `common_errors` are those every call may raise ("cancelled"), beside what modules declare.
  Catalog(std::span<const ModuleInfo> modules, std::span<const ErrorInfo> common_errors,
          std::span<const Topic> topics = {});

  [[nodiscard]] std::span<const ModuleInfo> modules() const { return modules_; }
  [[nodiscard]] std::span<const ErrorInfo> common_errors() const { return common_errors_; }
  [[nodiscard]] std::span<const Topic> topics() const { return topics_; }

  [[nodiscard]] const ModuleInfo* module(std::string_view name) const;
  /// `qualified`: "docker.connect", "Container:stop", also "docker.Container:stop" and "docker.Container.stop".
  [[nodiscard]] const FunctionInfo* function(std::string_view qualified) const;
  /// Records, handles and enumerations, by "RunOptions" (all of that name) or "local.RunOptions".
  [[nodiscard]] std::vector<const Type*> types(std::string_view name) const;
  [[nodiscard]] const HandleInfo* handle(const Type& type) const;
  [[nodiscard]] const ErrorInfo* error(std::string_view code) const;
  [[nodiscard]] const Topic* topic(std::string_view name) const;

  /// The named types a module brings, in the order they are mentioned; each type belongs to one module.
  [[nodiscard]] std::vector<const Type*> types_of(const ModuleInfo& module) const;
  /// The module a named type belongs to; empty for none.
  [[nodiscard]] std::string module_of(const Type& type) const;
  /// True where a script writes such a value: fields without `required` may then be left out.
  [[nodiscard]] bool is_argument(const Type& type) const { return arguments_.contains(&type); }
  /// Functions that take or return the type, directly or inside another.
  [[nodiscard]] std::vector<const FunctionInfo*> users_of(const Type& type) const;

  /// Every name `opshost help` answers to, for "did you mean".
  [[nodiscard]] std::vector<std::string> names() const;
  [[nodiscard]] std::vector<std::string> error_codes() const;

 private:
  void adopt(const ModuleInfo& module, const Type* type);
  void adopt_mentioned(const ModuleInfo& module);

  std::span<const ModuleInfo> modules_;
  std::span<const ErrorInfo> common_errors_;
  std::span<const Topic> topics_;
  std::map<const Type*, const ModuleInfo*> owners_;
  std::map<const ModuleInfo*, std::vector<const Type*>> types_;
  std::set<const Type*> arguments_;
};

/// Functions and methods of a module, functions first, each in the order of declaration.
std::vector<const FunctionInfo*> functions_of(const ModuleInfo& module);

/// An enumeration whose name is its choices: "stop"|"collect", as Lua's declarations write it.
bool is_inline_choice(const Type& type);

/// Records, handles and enumerations with a name have a page and a class of their own.
bool is_named(const Type& type);

/// A parameter a caller may leave out: nil, or an options table without a required field.
bool may_be_left_out(const Type& type);

/// Visits `type` and every type inside it once, outer ones first. Stops at handles: their methods are not part of it.
template <class Visit>
void for_each_type(const Type* type, std::set<const Type*>& seen, Visit&& visit) {
  if (type == nullptr || !seen.insert(type).second) return;
  visit(*type);
  for_each_type(type->element, seen, visit);
  for (const Field& field : type->fields) for_each_type(field.type, seen, visit);
  for (const Type* alternative : type->alternatives) for_each_type(alternative, seen, visit);
}

}  // namespace opshost::docs
