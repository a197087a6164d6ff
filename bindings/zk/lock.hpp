#pragma once
// Mutual exclusion between machines: who has the oldest of the numbered nodes below the lock's node has the lock. Each
// holds its place with an ephemeral node, so it is given up when its session ends.
#include <memory>
#include <string>
#include <vector>

#include "bindings/zk/operations.hpp"
#include "host/fiber/lease.hpp"

namespace opshost::zk {

struct Contender {
  std::string node{};
  std::string owner{};
  std::string session{};
  double since = 0;
  Duration age{};
  bool holds = false;
};
OPSHOST_RECORD(Contender, "One who holds a lock, or waits for it", (node, "its node"),
               (owner, "whom it says it is: \"root@jump1 pid 71\""), (session, "the session it ends with"),
               (since, "when it came, in seconds since 1970, by the leader's clock"),
               (age, "how long ago that is, by the clock of this machine"), (holds, "true: it has the lock"))

enum class LockState : std::uint8_t { held, suspended, lost };
OPSHOST_ENUM(LockState, "Whether a lock is still ours", (held, "held"), (suspended, "suspended"), (lost, "lost"))

struct LockNews {
  LockState state = LockState::held;
  std::string why{};
};
OPSHOST_RECORD(LockNews, "What became of a lock", (state, "held; suspended: no server answers; lost"),
               (why, "what was seen"))

/// One place in the queue of a lock.
class LockPlace : public fiber::Lease {
 public:
  LockPlace(SessionPtr session, std::string lock, std::string node, std::string token)
      : session_(std::move(session)),
        connection_(session_->connection()),
        lock_(std::move(lock)),
        node_(std::move(node)),
        token_(std::move(token)) {}

  [[nodiscard]] std::string node() const { return node_; }
  /// Grows with every holder: hand it to what you change, and have it refuse older ones. Text that sorts as it grows.
  [[nodiscard]] std::string token() const { return token_; }

  /// True where the servers may have given the lock to the next while this process stood still. wait_news tells then.
  bool in_doubt() override;

  /// Until it is our turn. Throws zk.lock_lost where our place is gone, zk.timeout naming who is before us.
  Awaitable<void> wait_turn(Call& call);
  /// Until it is another state than `known`.
  Awaitable<LockNews> wait_news(Call& call, LockState known);
  /// Gives the place back. Throws zk.lock_left where its node may still be there, zk.lock_lost where the session ended.
  Awaitable<void> leave(Call& call);

 private:
  [[nodiscard]] bool session_ended() const;
  [[nodiscard]] Error lost_error(const std::string& why) const;
  Awaitable<void> wait_for(Call& call, std::string node);
  enum class Own : std::uint8_t { there, gone, unknown };

  [[nodiscard]] bool served() const;
  [[nodiscard]] TimePoint lost_at() const { return connection_->last_served() + connection_->session_timeout(); }
  Awaitable<void> until_served(Call& call);
  /// Looks at our node, and sets own_ where it is there. Unknown: the connection broke meanwhile.
  Awaitable<Own> watch_own(Call& call);

  SessionPtr session_;
  std::shared_ptr<Connection> connection_;  ///< the session that the place belongs to
  std::string lock_;
  std::string node_;
  std::string token_;
  std::shared_ptr<Watch> own_;  ///< of our node, set anew after each connection
  bool doubted_ = false;        ///< since wait_news told of it last
  bool over_ = false;           ///< being given back: who goes on relies on it no more
};

/// "root@jump1 pid 71": what the others see of us.
std::string default_owner();

/// Takes a place at the end of the queue; the lock's node is made where it is missing. Throws zk.lock_left where a
/// place may have been taken whose name is not known; otherwise like create_node.
Awaitable<std::shared_ptr<LockPlace>> enter_lock(Call& call, SessionPtr session, std::string lock, std::string owner,
                                                 Acl acl);
/// Holder first. Empty where the lock's node does not exist.
Awaitable<std::vector<Contender>> contenders_of(Call& call, SessionPtr session, std::string lock);

}  // namespace opshost::zk
