#pragma once
// What happens to a node or its children, one change after the other.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bindings/zk/operations.hpp"
#include "host/fiber/stream.hpp"

namespace opshost::zk {

enum class ChangeType : std::uint8_t { initial, created, changed, deleted, children };
OPSHOST_ENUM(ChangeType, "What happened", (initial, "initial"), (created, "created"), (changed, "changed"),
             (deleted, "deleted"), (children, "children"))

struct Change {
  ChangeType type = ChangeType::initial;
  std::string path{};
  bool exists = false;
  std::optional<std::string> data{};
  std::optional<NodeStat> stat{};
  std::optional<std::vector<std::string>> children{};
  bool missed = false;
};
OPSHOST_RECORD(Change, "One change of a node, or of its children",
               (type,
                "initial: what was there when the watch began; created, changed, deleted: the node; children: one "
                "was created or deleted"),
               (path, "the node"), (exists, "false: the node is not there"), (data, "its bytes, where it exists"),
               (stat, "its versions, where it exists"), (children, "their names, sorted, where those are watched"),
               (missed,
                "true: more happened since the change before than this one, or may have: the versions say so, or the "
                "connection was lost meanwhile. Not told: that a node came and went again between two looks, where "
                "it was absent at both"))

struct WatchOptions {
  bool children = false;
  Duration timeout = 60s;
};
OPSHOST_RECORD(WatchOptions, "What to watch",
               (children, "the coming and going of its children, not its data; it then ends with the node"),
               (timeout, "how long each change may take to come"))

/// First what is there now, then every change, over lost connections too. Its end: of a node whose children are
/// watched, when it is deleted. Throws like ask, zk.session_expired also when the session ends meanwhile.
class Follower {
 public:
  /// Throws Error("usage.argument") for an invalid path.
  Follower(SessionPtr session, std::string path, bool children);

  /// nullopt at the end.
  Awaitable<std::optional<Change>> next(Call& call);
  /// False: what was seen last may be out of date, and no server has said otherwise yet.
  [[nodiscard]] bool is_fresh() const;

 private:
  /// What was seen of the node, and the watch that tells when that is out of date.
  struct Look {
    bool exists = false;
    Stat stat{};
    std::string data{};
    std::vector<std::string> children{};
    std::shared_ptr<Watch> watch{};
    unsigned connections = 0;  ///< a break since then hides what happened: the servers tell of the latest state only
  };

  Awaitable<int> await_event(Call& call);
  Awaitable<Look> look(Call& call);
  [[nodiscard]] unsigned connections() const;
  [[nodiscard]] std::optional<Change> compare(const Look& before, int event);
  [[nodiscard]] Change change(ChangeType type, bool missed) const;

  SessionPtr session_;
  std::string path_;
  bool children_;
  bool ended_ = false;
  std::optional<Look> seen_;
};

Stream<Change> changes_of(SessionPtr session, std::string path, bool children);

}  // namespace opshost::zk
