#pragma once
// What an expression of a script stands for, as far as declarations say it, and what may be said to it.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/lua/source_check.hpp"

namespace opshost {

/// A local variable of the script, by its number.
using VariableId = std::size_t;

struct Meaning {
  const ModuleInfo* module = nullptr;      ///< the table `require` returned
  const FunctionInfo* function = nullptr;  ///< a declared function or method
  const Type* value = nullptr;             ///< a value of that type
  const GlobalInfo* library = nullptr;     ///< a global of Lua: string, os, require
  bool is_counted = false;                 ///< ipairs of the list `value`
  /// Variables it was read from: it holds only if none of them is ever assigned again.
  std::vector<VariableId> through{};

  [[nodiscard]] bool is_known() const {
    return module != nullptr || function != nullptr || value != nullptr || library != nullptr;
  }
};

/// A finding that falls when one of the variables it rests on turns out to change.
struct Suspicion {
  std::size_t offset = 0;
  std::string text;
  std::string suggestion{};
  std::vector<VariableId> through{};
};

/// The declarations, looked up as a script spells them.
class SourceNames {
 public:
  explicit SourceNames(const KnownNames& known) : known_(known) {}

  /// The module, nullptr where it is not declared.
  [[nodiscard]] const ModuleInfo* module(std::string_view name) const;
  /// What is wrong with `require "name"`; nullopt: nothing that is certain.
  [[nodiscard]] std::optional<Suspicion> module_problem(std::string_view name) const;

  /// `x.name` where x is a module: the function, or the reason that there is none.
  [[nodiscard]] Meaning member(const ModuleInfo& module, std::string_view name) const;
  [[nodiscard]] std::optional<Suspicion> member_problem(const ModuleInfo& module, std::string_view name) const;

  /// `x:name()` where x is a handle.
  [[nodiscard]] const FunctionInfo* method(const Type& handle, std::string_view name) const;
  [[nodiscard]] std::optional<Suspicion> method_problem(const Type& handle, std::string_view name) const;

  [[nodiscard]] std::optional<Suspicion> field_problem(const Type& record, std::string_view name) const;

  [[nodiscard]] const GlobalInfo* global(std::string_view name) const;
  /// `name` is no global; `locals` are in scope and may be what was meant.
  [[nodiscard]] Suspicion global_problem(std::string_view name, std::vector<std::string> locals) const;
  /// `library.name(...)` is called and there is no such function; nullopt: there is.
  [[nodiscard]] std::optional<Suspicion> library_problem(const GlobalInfo& library, std::string_view name) const;

 private:
  [[nodiscard]] const HandleInfo* handle(const Type& type) const;
  [[nodiscard]] std::vector<std::string> members(const ModuleInfo& module) const;
  [[nodiscard]] const RemovedName* removed(std::string_view name) const;

  const KnownNames& known_;
};

/// A value of the type; handles (also optional ones), lists and streams are followed.
Meaning meaning_of(const Type* type);
/// What an iterator of such values gives.
Meaning meaning_of_element(const Meaning& iterated);

}  // namespace opshost
