#pragma once
// Why a path leads nowhere. Reads folders: blocking work.
#include <string>
#include <string_view>
#include <vector>

namespace opshost::local {

/// The names in a folder; empty where it cannot be read. At most a few thousand.
std::vector<std::string> names_in(const std::string& folder);

/// Of a path that does not exist: `; did you mean "/etc/hosts"?`, `; there is no "/etcc"`, that "~" is not expanded, or
/// nothing.
std::string why_missing(const std::string& path);

std::string parent_of(std::string_view path);
std::string name_of(std::string_view path);
/// The folder and the name in it.
std::string joined(const std::string& folder, const std::string& name);

}  // namespace opshost::local
