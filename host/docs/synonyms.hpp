#pragma once
// One idea, one name: the words a declaration must not use, and what it says instead.
#include <span>
#include <string_view>
#include <vector>

namespace opshost::docs {

/// Where a word stands. The same word may be fine in one place and a synonym in another: `limit` bounds memory, but of
/// a fan-out it would be `parallel`.
enum class Place : unsigned {
  function = 1U << 0U,  ///< of a module, or a method
  parameter = 1U << 1U,
  option = 1U << 2U,     ///< a field of a record a script writes
  answer = 1U << 3U,     ///< a field of a record a script reads
  detail = 1U << 4U,     ///< a field of an error's detail
  choice = 1U << 5U,     ///< of an enumeration
  error_code = 1U << 6U  ///< its parts between points
};

constexpr unsigned operator|(Place left, Place right) {
  return static_cast<unsigned>(left) | static_cast<unsigned>(right);
}
constexpr unsigned operator|(unsigned left, Place right) { return left | static_cast<unsigned>(right); }

enum class Match : unsigned char {
  whole,       ///< the name is the word
  first_word,  ///< or begins with it: remove, remove_container
  any_word,    ///< or has it anywhere: old_master
};

struct Synonym {
  std::string_view banned;
  std::string_view instead;  ///< "`cwd`", "`delete`": what the complaint tells to say
  unsigned places = 0;
  Match match = Match::whole;
  /// Only a synonym where one of these names stands beside it (fields of the same record, choices of the same
  /// enumeration). Empty: everywhere.
  std::vector<std::string_view> beside{};
  /// Only in this module. Empty: in all.
  std::string_view module{};
};

/// The whole vocabulary, in one table.
std::span<const Synonym> synonyms();

/// True where `name`, standing at `place` of `module` with `siblings` around it, is that synonym.
bool is_banned(const Synonym& synonym, std::string_view name, Place place, std::string_view module,
               std::span<const std::string_view> siblings);

}  // namespace opshost::docs
