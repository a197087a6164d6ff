#pragma once
// Everything below a node, depth first: a node before its children, those by name. Many requests are under way at once,
// and only what lies between the node and the walk's present place, and a bounded part of what comes next, is kept.
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bindings/zk/operations.hpp"

namespace opshost::zk {

struct WalkedNode {
  std::string path{};
  std::int64_t depth = 0;
  NodeStat stat{};
  std::optional<std::string> data{};
};
OPSHOST_RECORD(WalkedNode, "A node met on a walk", (path, "where it is"), (depth, "0 for the node the walk began at"),
               (stat, "its versions, times, owner"), (data, "its bytes, where they were asked for"))

class Walk {
 public:
  /// `data`: read that too. Throws Error("usage.argument") for an invalid path.
  Walk(SessionPtr session, std::string path, bool data);

  /// The next node; nullopt at the end. One that is deleted meanwhile is left out. Throws like get_children, also
  /// zk.not_found where the first node is not there, and zk.session_expired where the session ended since it began.
  Awaitable<std::optional<WalkedNode>> next(Call& call);
  /// Leaves out all that is below the node met last.
  void prune();
  /// Names that were read, and not yet met.
  [[nodiscard]] std::size_t names_held() const;

 private:
  /// The requests for one node, and their answers.
  struct Ahead {
    std::shared_ptr<Reply> children;
    std::shared_ptr<Reply> data;
  };
  struct Level {
    std::string parent;
    std::vector<std::string> names;
    std::size_t next = 0;
    std::deque<Ahead> ahead{};  ///< of names[next] and those after it
  };

  [[nodiscard]] std::string path_of(const Level& level, std::size_t index) const;
  [[nodiscard]] std::size_t window(std::size_t depth) const;
  void ask_ahead(Call& call, std::size_t depth);
  void learn(std::size_t depth, std::size_t children);
  Awaitable<void> until_usable(Call& call);
  Awaitable<std::shared_ptr<Reply>> answer(Call& call, std::shared_ptr<Reply> reply, std::string path, bool data);

  SessionPtr session_;
  std::string start_;
  bool data_;
  bool entered_ = false;  ///< the node met last has children, whose level is the last
  std::vector<Level> levels_;
  std::vector<std::size_t> fan_out_;        ///< how many children nodes of each depth have, as far as is known
  std::shared_ptr<Connection> connection_;  ///< the session it began in
};

}  // namespace opshost::zk
