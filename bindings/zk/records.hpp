#pragma once
// What goes in and out of the zk binding. Transaction ids (zxid) are text, since they pass 2^53.
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "bindings/net/route.hpp"
#include "host/base/error.hpp"
#include "host/lua/record.hpp"

namespace opshost::zk {

using namespace std::chrono_literals;

/// "a:2181,b:2181", or a list of such.
using Hosts = std::variant<std::string, std::vector<std::string>>;

struct DigestAuth {
  std::string user{};
  Secret password{};
};
OPSHOST_RECORD(DigestAuth, "A login by name and password (the digest scheme)", (user, "the name", required),
               (password, "its password", required))

struct ConnectOptions {
  Hosts hosts{};
  std::string chroot{};
  Duration session_timeout = 10s;
  Duration connect_timeout = 10s;
  std::optional<DigestAuth> auth{};
  net::Via via{};
  bool read_only = false;
  bool fresh = false;
  Size max_request = Size{1'048'575};
};
OPSHOST_RECORD(ConnectOptions, "Which ensemble, and how to talk to it",
               (hosts, "its servers: \"zk1:2181,zk2:2181\" or a list; the port is 2181 unless given", required),
               (chroot, "the node that stands for \"/\": every path begins below it"),
               (session_timeout,
                "asked for: how long the servers keep our session, with its ephemeral nodes and locks, "
                "while they do not hear from us"),
               (connect_timeout, "how long a call waits for the first connection, whichever server it is to"),
               (auth, "login for nodes with an access list"),
               (via, "an SSH connection to go through; names are looked up at its end"),
               (read_only,
                "also talk to a server without a quorum that serves reads (readonlymode.enabled and, "
                "since ZooKeeper 3.8, localSessionsEnabled)"),
               (fresh, "a session of one's own; otherwise equal arguments share one"),
               (max_request,
                "a request of more bytes is refused here: beyond the servers' jute.maxbuffer they would "
                "close the connection instead of answering"))

struct NodeStat {
  std::int64_t version = 0;
  std::int64_t children_version = 0;
  std::int64_t acl_version = 0;
  std::int64_t data_length = 0;
  std::int64_t children_count = 0;
  bool ephemeral = false;
  std::optional<std::string> owner_session{};
  double ctime = 0;
  double mtime = 0;
  std::string czxid{};
  std::string mzxid{};
  std::string pzxid{};
};
OPSHOST_RECORD(NodeStat, "What the ensemble knows of a node beside its data",
               (version, "how often its data was set; begins at 0"),
               (children_version, "how often a child was created or deleted"),
               (acl_version, "how often its access list was set"), (data_length, "bytes of data"),
               (children_count, "how many children it has"), (ephemeral, "true: it ends with the session that made it"),
               (owner_session, "of an ephemeral node, the id of that session: \"0x100004f2b190003\""),
               (ctime, "when it was created, in seconds since 1970, by the leader's clock"),
               (mtime, "when its data was last set, in seconds since 1970, by the leader's clock"),
               (czxid, "transaction that created it: \"0x100000002\""), (mzxid, "transaction that last set its data"),
               (pzxid, "transaction that last created or deleted a child"))

struct Node {
  std::string path{};
  std::string data{};
  NodeStat stat{};
};
OPSHOST_RECORD(Node, "A node as it was read", (path, "where it is"), (data, "its bytes"),
               (stat, "versions, times, owner"))

enum class AclPreset : std::uint8_t { open, creator, read };
OPSHOST_ENUM(AclPreset, "Who may do what with a node", (open, "open"), (creator, "creator"), (read, "read"))

struct AclEntry {
  std::string scheme = "world";
  std::string id = "anyone";
  std::string permissions = "rwcda";
};
OPSHOST_RECORD(AclEntry, "One line of an access list", (scheme, "\"world\", \"auth\", \"digest\", \"ip\""),
               (id, "who, in the scheme's spelling: \"anyone\", \"10.0.0.0/8\""),
               (permissions, "letters of read, write, create (children), delete (children), admin: \"rwcda\""))

using Acl = std::variant<AclPreset, std::vector<AclEntry>>;
inline std::string default_text(const Acl& acl) {
  const auto* preset = std::get_if<AclPreset>(&acl);
  return preset == nullptr ? std::string() : opshost::default_text(*preset);
}

struct CreateOptions {
  bool ephemeral = false;
  bool sequential = false;
  bool makepath = false;
  bool tagged = false;
  Acl acl = AclPreset::open;
  Duration timeout = 60s;
};
OPSHOST_RECORD(CreateOptions, "What kind of node", (ephemeral, "it ends with our session"),
               (sequential, "the server appends ten digits, growing with each such child of the parent"),
               (makepath, "create the nodes above it that are missing, empty and with the same access list"),
               (tagged,
                "begin the last part of the name with a unique tag (\"_c_<32 digits>-\"), by which a node whose "
                "reply was lost is found again: the call then goes on instead of raising maybe_applied"),
               (acl,
                "\"open\": everyone may do all; \"creator\": who we are logged in as; \"read\": everyone may read, "
                "nobody change; or a list"),
               (timeout, "how long to wait for the answer"))

struct SetOptions {
  std::optional<std::int32_t> version{};
  Duration timeout = 60s;
};
OPSHOST_RECORD(SetOptions, "How to set data", (version, "only if the node's version is still this one"),
               (timeout, "how long to wait for the answer"))

struct DeleteOptions {
  std::optional<std::int32_t> version{};
  bool recursive = false;
  Duration timeout = 60s;
};
OPSHOST_RECORD(DeleteOptions, "What to delete", (version, "only if the node's version is still this one"),
               (recursive, "with all that is below it, leaves first"), (timeout, "how long to wait for the answer"))

enum class SessionState : std::uint8_t { idle, connecting, connected, read_only, suspended, lost };
OPSHOST_ENUM(SessionState, "Where a session stands", (idle, "idle"), (connecting, "connecting"),
             (connected, "connected"), (read_only, "read_only"), (suspended, "suspended"), (lost, "lost"))

struct SessionInfo {
  SessionState state = SessionState::idle;
  std::optional<std::string> id{};
  std::optional<Duration> session_timeout{};
  std::optional<std::string> server{};
  std::optional<Duration> silence{};
};
OPSHOST_RECORD(SessionInfo, "Our session with the ensemble",
               (state,
                "idle: there is none yet, or no server let us in; connecting: never connected so far; connected; "
                "read_only: connected "
                "to a server without a quorum; suspended: the connection is lost, the session may live on; lost: "
                "the servers have ended it, the next call begins a new one"),
               (id, "as the servers print it: \"0x100004f2b190003\""), (session_timeout, "what the servers granted"),
               (server, "which one we talk to, or try to: \"10.0.0.1:2181\""),
               (silence, "time since we last heard from a server"))

}  // namespace opshost::zk
