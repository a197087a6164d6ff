#pragma once
// Paths of nodes, as scripts write them and as the servers know them.
#include <string>
#include <string_view>

namespace opshost::zk {

/// Throws Error("usage.argument") for what no server takes as the path of a node, saying why. `sequential`: the server
/// appends digits, so it may end in "/".
void check_path(std::string_view path, bool sequential = false);

/// "/a" for "/a/b", "/" for "/a".
std::string parent_of(std::string_view path);
/// "b" for "/a/b"; empty for "/".
std::string name_of(std::string_view path);
/// "/a/b" of "/a" and "b".
std::string join(std::string_view parent, std::string_view name);

}  // namespace opshost::zk
