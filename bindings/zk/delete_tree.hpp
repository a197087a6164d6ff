#pragma once
// A node with all that is below it.
#include <cstdint>
#include <optional>
#include <string>

#include "bindings/zk/operations.hpp"

namespace opshost::zk {

/// Deletes the leaves first; false where nothing was there. `version` is the node's own. Others may still add to it
/// meanwhile: it looks again, and throws zk.not_empty where there is no end to it. Otherwise throws like delete_node.
Awaitable<bool> delete_tree(Call& call, SessionPtr session, std::string path, std::optional<std::int32_t> version);

}  // namespace opshost::zk
