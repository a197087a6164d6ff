#pragma once
// Names of nodes that carry a unique tag, by which a node whose creation went unanswered is found again.
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "host/fiber/call.hpp"

namespace opshost::zk {

class Session;

/// "_c_<32 hexadecimal digits>-".
std::string new_tag();
/// The tag a node's name begins with; empty: none.
std::string_view tag_of(std::string_view name);
/// The node beside `path` whose name has the same tag; nullopt: it was never created. Throws like get_children.
Awaitable<std::optional<std::string>> find_tagged(Call& call, std::shared_ptr<Session> session, std::string path);

}  // namespace opshost::zk
