#include "bindings/zk/errors.hpp"

#include <zookeeper/zookeeper.h>

namespace opshost::zk {

std::string text_of(const Asked& asked) { return std::string(asked.verb) + " " + describe(Value(asked.path), 200); }

bool is_lost(int code) {
  switch (code) {
    case ZCONNECTIONLOSS:
    case ZOPERATIONTIMEOUT:
    case ZCLOSING:
    case ZINVALIDSTATE:
    case ZSESSIONEXPIRED:
    case ZSESSIONMOVED:
    case ZAUTHFAILED:
    case ZRUNTIMEINCONSISTENCY:
    case ZSYSTEMERROR:
      return true;
    default:
      return false;
  }
}

Error answer_error(int code, const Asked& asked) {
  const auto path = describe(Value(asked.path), 200);
  switch (code) {
    case ZNONODE:
      return {"zk.not_found", path + " does not exist"};
    case ZNODEEXISTS:
      return {"zk.exists", path + " exists already"};
    case ZNOTEMPTY:
      return {"zk.not_empty", path + " has children; say recursive = true if all of it shall go"};
    case ZBADVERSION:
      return {"zk.bad_version", path + " was changed by somebody else: its version is no longer the given one"};
    case ZNOAUTH:
      return {"zk.no_auth", "the access list of " + path + " does not let us " + asked.verb};
    case ZNOCHILDRENFOREPHEMERALS:
      return {"zk.ephemeral_parent",
              path + " cannot be created: the node above it is ephemeral, and such have no children"};
    case ZINVALIDACL:
      return {"zk.invalid_acl", "the server does not take that access list for " + path +
                                    ": an unknown scheme, or \"creator\" without a login"};
    case ZNOTREADONLY:
      return Error("zk.read_only", "the server has no quorum and serves reads only: " + text_of(asked) + " was refused")
          .retryable();
    default:
      return {"zk.server", text_of(asked) + ": " + zerror(code) + " (" + std::to_string(code) + ")"};
  }
}

}  // namespace opshost::zk
