#pragma once
// The variables of a script while it is read, and what was found of it: which finding stands is known only at the end.
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "host/lua/source_lexer.hpp"
#include "host/lua/source_names.hpp"

namespace opshost {

class SourceScope {
 public:
  explicit SourceScope(const SourceNames& names);

  void open() { blocks_.emplace_back(); }
  void close() { blocks_.pop_back(); }
  void declare(std::string_view name, Meaning meaning);
  [[nodiscard]] std::optional<VariableId> find(std::string_view name) const;

  /// A name is read: a local's meaning, or a global's.
  Meaning read(const Token& name);
  /// `name = ...`
  void assign(const Token& name, bool is_function);
  /// `library.field = ...`: the script gives the library that name itself.
  void assign_member(const Meaning& owner, std::string_view field);
  /// `library.field` is read, and called or only looked at.
  void read_member(const GlobalInfo& library, const Token& field, bool is_called,
                   const std::vector<VariableId>& through);

  void suspect(std::optional<Suspicion> suspicion, std::size_t offset, const std::vector<VariableId>& through);
  [[nodiscard]] std::size_t suspicions() const { return suspicions_.size(); }
  /// Forgets what was suspected since there were `count`.
  void withdraw(std::size_t count) { suspicions_.resize(count); }

  /// What stands, in the order of the source.
  [[nodiscard]] std::vector<Suspicion> verdict() const;

 private:
  struct Variable {
    Meaning meaning{};
    bool is_reassigned = false;
  };
  struct Place {
    std::size_t offset = 0;
    std::vector<std::string> locals{};  ///< in scope there
    bool is_function = false;
  };
  struct LibraryUse {
    const GlobalInfo* library = nullptr;
    std::string field{};
    std::size_t offset = 0;
    std::vector<VariableId> through{};
  };

  [[nodiscard]] bool holds(const std::vector<VariableId>& through) const;
  [[nodiscard]] std::vector<std::string> visible() const;
  void add_globals(std::vector<Suspicion>& all) const;
  void add_libraries(std::vector<Suspicion>& all) const;

  const SourceNames& names_;
  std::vector<Variable> variables_;
  std::vector<std::map<std::string, VariableId, std::less<>>> blocks_;
  std::vector<Suspicion> suspicions_;
  std::map<std::string, Place, std::less<>> unknown_reads_;   ///< the first of each name
  std::map<std::string, Place, std::less<>> unknown_writes_;  ///< the first of each name
  std::set<std::string, std::less<>> assigned_globals_;
  std::vector<LibraryUse> library_calls_;
  std::set<std::pair<const GlobalInfo*, std::string>> looked_at_;  ///< read without a call, or assigned
  bool changes_environment_ = false;
};

}  // namespace opshost
