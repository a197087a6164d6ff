#include "bindings/ssh/wildcard.hpp"

#include <cctype>
#include <optional>

namespace opshost::ssh {

namespace {

char lower(char letter) { return static_cast<char>(std::tolower(static_cast<unsigned char>(letter))); }

}  // namespace

bool matches_pattern(std::string_view pattern, std::string_view text) {
  // On a mismatch the last star takes one letter more; earlier stars need no second look.
  std::size_t p = 0;
  std::size_t t = 0;
  std::optional<std::size_t> star;
  std::size_t resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || lower(pattern[p]) == lower(text[t]))) {
      ++p;
      ++t;
    } else if (star) {
      p = *star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

bool matches_list(std::string_view patterns, std::string_view text) {
  bool matched = false;
  while (!patterns.empty()) {
    const std::size_t end = std::min(patterns.find_first_of(", \t"), patterns.size());
    std::string_view pattern = patterns.substr(0, end);
    patterns.remove_prefix(std::min(end + 1, patterns.size()));
    if (pattern.empty()) continue;
    const bool excludes = pattern.front() == '!';
    if (excludes) pattern.remove_prefix(1);
    if (!matches_pattern(pattern, text)) continue;
    if (excludes) return false;
    matched = true;
  }
  return matched;
}

}  // namespace opshost::ssh
