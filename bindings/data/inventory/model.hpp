#pragma once
// The hosts and groups of one inventory: filled by the readers, checked once, asked by selections.
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "host/base/error.hpp"

namespace opshost::data::inventory {

/// A name as messages show it.
std::string quoted(std::string_view name);

struct Variable {
  std::string name;
  Value value;
  std::size_t offset = 0;  ///< of the name in the text
};

struct Host {
  std::string name;
  std::size_t offset = 0;
  std::vector<Variable> variables{};
  std::vector<std::size_t> groups{};  ///< those that list it, in their order
};

struct Group {
  std::string name;
  std::size_t offset = 0;
  bool is_defined = false;  ///< more is known of it than that another group calls it a child
  std::vector<Variable> variables{};
  std::vector<std::size_t> hosts{};
  std::vector<std::size_t> children{};
  std::vector<std::size_t> parents{};
  std::size_t depth = 0;  ///< the longest way from a group without parents
};

/// What both readers fill. Every function throws Error with the place in the text.
class Model {
 public:
  /// `text` has to outlive the calls that can fail; `file` names it in errors.
  Model(std::string_view text, std::string file);

  /// The group of that name, made where there is none. Number 0 is "all".
  std::size_t group(std::string_view name, std::size_t offset);
  void define_group(std::size_t group, std::size_t offset);
  void add_child(std::size_t parent, std::size_t child);
  void set_variable(std::size_t group, Variable variable);
  /// The hosts `pattern` stands for ("db[1-9]", "web1:2222" with a port) are listed in the group.
  /// inventory.duplicate_host: one of them is listed there already.
  std::vector<std::size_t> add_hosts(std::size_t group, std::string_view pattern, std::size_t offset);
  /// inventory.duplicate_host: it has that variable already, with another value.
  void set_host_variable(std::size_t host, const Variable& variable);
  /// Every name is there: groups that are only called a child, circles. Computes the depths.
  void finish();

  [[nodiscard]] const std::vector<Host>& hosts() const { return hosts_; }
  [[nodiscard]] const std::vector<Group>& groups() const { return groups_; }
  /// npos: there is none.
  [[nodiscard]] std::size_t find_host(std::string_view name) const;
  [[nodiscard]] std::size_t find_group(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> host_names() const;
  [[nodiscard]] std::vector<std::string> group_names() const;
  [[nodiscard]] const std::string& file() const { return file_; }

  /// "hosts.yml:3:14" (place_text); a binary search, after finish().
  [[nodiscard]] std::string place(std::size_t offset) const;
  [[noreturn]] void fail(const char* code, std::size_t offset, const std::string& problem) const;

  static constexpr std::size_t npos = static_cast<std::size_t>(-1);

 private:
  enum class Visit : std::uint8_t { none, open, done };

  [[noreturn]] void fail_limit(std::size_t offset, std::size_t most, const char* of_what) const;
  std::size_t host(const std::string& name, std::size_t offset);
  void visit(std::size_t group, std::vector<Visit>& visits, std::vector<std::size_t>& way);

  std::string_view text_;
  std::string file_;
  std::vector<Host> hosts_;
  std::size_t host_variables_ = 0;
  std::vector<Group> groups_;
  std::unordered_map<std::string, std::size_t> host_numbers_;
  std::unordered_map<std::string, std::size_t> group_numbers_;
  std::vector<std::size_t> lines_;  ///< where each begins
};

/// The names a pattern stands for: "db[1-3]" is db1, db2, db3; "[08:10]" keeps its zeros; "[a-c]"; "[1:9:2]" has a
/// step. An empty list: it is no pattern; `problem` says why.
std::vector<std::string> expand_ranges(std::string_view pattern, std::string& problem);

}  // namespace opshost::data::inventory
