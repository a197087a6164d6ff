#pragma once
// Patterns of ssh_config and known_hosts.
#include <string_view>

namespace opshost::ssh {

/// `*` is any text, `?` any letter; upper and lower case are the same.
bool matches_pattern(std::string_view pattern, std::string_view text);
/// One of a list; a pattern with `!` that matches excludes. Separated by commas or blanks.
bool matches_list(std::string_view patterns, std::string_view text);

}  // namespace opshost::ssh
