#include "bindings/zk/module.hpp"

#include "bindings/zk/client.hpp"
#include "bindings/zk/four_letters.hpp"
#include "bindings/zk/parts.hpp"

namespace opshost::zk {

namespace {

using namespace lua;

const Raises kAnyRaises{"zk.unreachable", "zk.session_expired", "zk.auth_failed", "zk.server"};
const Raises kReads{"zk.not_found", "zk.no_auth"};
const Raises kWrites{"zk.not_found", "zk.no_auth", "zk.connection_lost", "zk.read_only"};

std::shared_ptr<Client> connect(const ConnectOptions& options) {
  return std::make_shared<Client>(Session::shared(options));
}

void declare_reading(HandleBuilder<Client>& client) {
  client
      .observe("get", &Client::get, {{"path", "the node"}}, "Read a node: its data and what the ensemble knows of it",
               kReads, kAnyRaises)
      .observe("find_node", &Client::find, {{"path", "the node"}}, "Read a node that may not be there",
               Raises{"zk.no_auth"}, kAnyRaises, Returns{"nil where there is none"})
      .observe("exists", &Client::exists, {{"path", "the node"}}, "Tell whether a node is there", Raises{"zk.no_auth"},
               kAnyRaises, Returns{"what is known of it; nil where there is none"})
      .observe("children", &Client::children, {{"path", "the node"}}, "List the names of a node's children, sorted",
               kReads, kAnyRaises)
      .observe("acl", &Client::acl, {{"path", "the node"}}, "Read a node's access list", kReads, kAnyRaises)
      .observe("watch", &Client::watch, {{"path", "the node"}, {"options", "its children, or itself"}},
               "Follow a node, or its children: what is there now, then each change, over lost connections too", kReads,
               kAnyRaises)
      .observe("contenders", &Client::contenders, {{"path", "the lock's node"}},
               "Tell who holds a lock and who waits for it, in order", Raises{"zk.no_auth"}, kAnyRaises)
      .observe("sync", &Client::catch_up, {{"path", "a node; \"/\" unless given"}},
               "Let our server catch up with the leader: what it answers from then on is no older than this call",
               kAnyRaises);
}

void declare_writing(HandleBuilder<Client>& client) {
  client
      .change("set", &Client::set,
              {{"path", "the node"}, {"data", "its new bytes"}, {"options", "only if it has that version"}},
              "Set a node's data", Repeatable{}, kWrites, Raises{"zk.bad_version", "zk.too_large"}, kAnyRaises)
      .change("set_acl", &Client::set_access,
              {{"path", "the node"}, {"acl", "its new access list"}, {"options", "only if it has that version"}},
              "Set a node's access list", Repeatable{}, kWrites, Raises{"zk.bad_version", "zk.invalid_acl"}, kAnyRaises)
      .change("create", &Client::create,
              {{"path", "the node"}, {"data", "its bytes; empty unless given"}, {"options", "what kind of node"}},
              "Create a node", kWrites, Raises{"zk.exists", "zk.ephemeral_parent", "zk.invalid_acl", "zk.too_large"},
              kAnyRaises, Returns{"its path; of a sequential node, with the digits the server appended"})
      .change("ensure_path", &Client::ensure, {{"path", "the node"}},
              "Create a node and those above it where they are missing, empty", Repeatable{}, kWrites, kAnyRaises)
      .change("transaction", &Client::transaction,
              {{"steps", "what to do, in this order"}, {"options", "how long to wait"}},
              "Create, set, delete and check several nodes, all of it or nothing", kWrites,
              Raises{"zk.transaction", "zk.too_large"}, kAnyRaises, Returns{"one result for each step"})
      .destroy("delete", &Client::remove, {{"path", "the node"}, {"options", "which version, recursive or not"}},
               "Delete a node, unless it is gone; with `version`, a node that is gone is an error", Repeatable{},
               kWrites, Raises{"zk.bad_version", "zk.not_empty"}, kAnyRaises);
}

void declare_client(Module& module) {
  auto client = module.type<Client>("Client", "A session with a ZooKeeper ensemble", &Client::subject);
  client
      .observe("alive", &Client::alive, {}, "Connect, and tell whether a server let us in", Raises{"zk.auth_failed"},
               Returns{"false: refused, unroutable or silent for connect_timeout"})
      .observe("session", &Client::session, {}, "Tell where our session stands, without asking a server");
  declare_reading(client);
  declare_writing(client);
  client.closes(&Client::close);
}

void declare_errors(Module& module) {
  module.error("zk.not_found", "the node, or one above it, does not exist",
               "correct the path; the message shows the nearest one there is");
  module.error("zk.exists", "the node to create is there already",
               "use `set`, or `ensure_path` where that is no matter");
  module.error("zk.not_empty", "a node with children was to be deleted", "say recursive = true if all of it shall go");
  module.error("zk.bad_version", "the node was changed by somebody else meanwhile", "read it again, and decide anew");
  module.error("zk.no_auth", "the node's access list does not let us", "log in with `auth` as somebody it lets");
  module.error("zk.auth_failed", "the servers refused our login", "correct `auth`");
  module.error("zk.invalid_acl", "the server does not take the access list",
               "\"creator\" needs `auth`; schemes are world, auth, digest, ip");
  module.error("zk.ephemeral_parent", "an ephemeral node cannot have children", "create it elsewhere");
  module.error("zk.too_large", "a request would have more bytes than the servers take",
               "keep large data elsewhere, and its place in the node");
  module.error("zk.read_only", "our server has no quorum and takes no changes", "wait for the quorum, or repair it");
  module.error("zk.unreachable", "no server let us in within connect_timeout",
               "look at what each server answered, in the message; zk.ensemble(hosts) tells more");
  module.error("zk.connection_lost", "a change's answer was lost: it may have been applied",
               "look at what is there, then decide");
  module.error("zk.session_expired", "the servers ended our session; its ephemeral nodes and locks are gone",
               "what relied on them begins anew; the next call opens a new session");
  module.error<FailedStep>("zk.transaction", "a step of a transaction failed: nothing was changed",
                           "err.detail names the step and its reason; read again, and decide anew");
  module.error("zk.word_refused", "a server is not let to answer that word",
               "add it to 4lw.commands.whitelist in the server's configuration");
  module.error("zk.timeout", "no answer came within `timeout`",
               "the message says what was last seen; look at the ensemble with zk.ensemble(hosts)");
  module.error("zk.server", "a server refused for another reason", "the message has its words");
  module.error("zk.system", "this machine does not let the client work", "the message has its words");
}

}  // namespace

void declare(Module& module) {
  module.subject("ensemble");
  module.doc(
      "Talks to Apache ZooKeeper: nodes, watches, locks, and the health of the ensemble. A session opens on first use "
      "and is shared by handles of equal arguments. Reads are asked again when a connection breaks; a change whose "
      "answer was lost raises zk.connection_lost with maybe_applied. Ids of transactions are text.");
  module.example(
      "local zk = require \"zk\"\n"
      "local z = zk.connect({ hosts = \"zk1:2181,zk2:2181\", chroot = \"/app\" })\n"
      "print(z:session().state)");
  module.observe("connect", connect, {{"options", "which ensemble, and how"}},
                 "Open a session with an ensemble, on first use", Raises{"usage.argument"});
  module.observe("ask", ask_word,
                 {{"server", "\"zk1:2181\""},
                  {"word", "\"srvr\", \"mntr\", \"conf\", \"cons\", \"ruok\", \"stat\""},
                  {"options", "how to reach it"}},
                 "Ask one server an administration word (a four-letter word)",
                 Raises{"zk.unreachable", "zk.word_refused"}, Returns{"its answer"});
  declare_client(module);
  declare_parts(module);
  declare_errors(module);
}

}  // namespace opshost::zk
