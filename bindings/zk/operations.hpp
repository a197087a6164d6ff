#pragma once
// Single requests: each sends one thing and waits for the answer. Paths are as scripts write them, below the chroot.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bindings/zk/session.hpp"

namespace opshost::zk {

using SessionPtr = std::shared_ptr<Session>;

// All of them throw Error with code
//   usage.argument       a path, or an access list, that cannot be one
//   zk.not_found         the node, or the one above it, does not exist; the message names the nearest one there is
//   zk.no_auth           the node's access list does not let us
//   zk.unreachable       no server let us in
//   zk.session_expired   the servers ended our session while the call waited
//   zk.connection_lost   of a change: its answer was lost, it may have been applied
//   zk.server            anything else a server answered
// Where several requests make up a change, maybe_applied also says that some of it was done before the error.
// and those named below.

Awaitable<Node> get_node(Call& call, SessionPtr session, std::string path);
/// nullopt where there is none.
Awaitable<std::optional<Node>> find_node(Call& call, SessionPtr session, std::string path);
Awaitable<std::optional<NodeStat>> node_exists(Call& call, SessionPtr session, std::string path);
/// Their names, sorted.
Awaitable<std::vector<std::string>> get_children(Call& call, SessionPtr session, std::string path);
Awaitable<std::vector<AclEntry>> get_acl(Call& call, SessionPtr session, std::string path);
/// Also throws zk.bad_version, zk.too_large.
Awaitable<NodeStat> set_node(Call& call, SessionPtr session, std::string path, std::string data, SetOptions options);
Awaitable<void> set_acl(Call& call, SessionPtr session, std::string path, Acl acl, SetOptions options);
/// The path it got. A tagged one whose name has a tag already keeps that. Also throws zk.exists, zk.ephemeral_parent,
/// zk.invalid_acl, zk.too_large.
Awaitable<std::string> create_node(Call& call, SessionPtr session, std::string path, std::string data,
                                   CreateOptions options);
/// False where there was none. Also throws zk.not_empty, zk.bad_version.
Awaitable<bool> delete_node(Call& call, SessionPtr session, std::string path, std::optional<std::int32_t> version);
/// Creates what is missing of it, empty.
Awaitable<void> ensure_path(Call& call, SessionPtr session, std::string path, Acl acl);
/// What our server answers from now on is no older than this moment.
Awaitable<void> sync(Call& call, SessionPtr session, std::string path);

/// The path as the servers know it. `sequential`: what a number is appended to, so that "/" stays below the chroot.
std::string full_path(const Session& session, const std::string& path, bool sequential = false);
/// Throws Error("zk.too_large") for a request the servers would not take.
void check_size(const Session& session, const Asked& asked, std::size_t bytes);
/// The answer as an Error with its target; of "no node", the nearest name there is.
Awaitable<Error> explain(Call& call, SessionPtr session, int code, Asked asked);

}  // namespace opshost::zk
