#pragma once
// What a script holds: a reference to a session that others with equal arguments share.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bindings/zk/changes.hpp"
#include "bindings/zk/lock.hpp"
#include "bindings/zk/transaction.hpp"

namespace opshost::zk {

class Client {
 public:
  explicit Client(SessionPtr session) : session_(std::move(session)) {}

  [[nodiscard]] std::string subject() const { return "ensemble " + target_; }
  /// Gives the reference back; calls in progress end first, with the session.
  void close() { session_.reset(); }

  /// True when a server lets us in; false when none can be reached within connect_timeout. Throws zk.auth_failed.
  Awaitable<bool> alive(Call& call);
  SessionInfo session() { return session_->info(); }
  [[nodiscard]] const SessionPtr& shared_session() const { return session_; }

  Awaitable<Node> get(Call& call, std::string path) { return get_node(call, session_, std::move(path)); }
  Awaitable<std::optional<Node>> find(Call& call, std::string path) {
    return find_node(call, session_, std::move(path));
  }
  Awaitable<std::optional<NodeStat>> exists(Call& call, std::string path) {
    return node_exists(call, session_, std::move(path));
  }
  Awaitable<std::vector<std::string>> children(Call& call, std::string path) {
    return get_children(call, session_, std::move(path));
  }
  Awaitable<std::vector<AclEntry>> acl(Call& call, std::string path) {
    return get_acl(call, session_, std::move(path));
  }
  Awaitable<NodeStat> set(Call& call, std::string path, std::string data, SetOptions options) {
    return set_node(call, session_, std::move(path), std::move(data), options);
  }
  Awaitable<void> set_access(Call& call, std::string path, Acl acl, SetOptions options) {
    return set_acl(call, session_, std::move(path), std::move(acl), options);
  }
  Awaitable<std::string> create(Call& call, std::string path, std::optional<std::string> data, CreateOptions options) {
    return create_node(call, session_, std::move(path), std::move(data).value_or(""), std::move(options));
  }
  Awaitable<Stream<Change>> watch(Call& /*call*/, std::string path, WatchOptions options) {
    co_return changes_of(session_, std::move(path), options.children);
  }
  Awaitable<std::vector<StepResult>> transaction(Call& call, std::vector<TransactionStep> steps,
                                                 TransactionOptions /*options*/) {
    return run_transaction(call, session_, std::move(steps));
  }
  Awaitable<std::vector<Contender>> contenders(Call& call, std::string lock) {
    return contenders_of(call, session_, std::move(lock));
  }
  Awaitable<void> remove(Call& call, std::string path, DeleteOptions options);
  Awaitable<void> ensure(Call& call, std::string path) {
    return ensure_path(call, session_, std::move(path), AclPreset::open);
  }
  Awaitable<void> catch_up(Call& call, std::optional<std::string> path) {
    return sync(call, session_, std::move(path).value_or("/"));
  }

 private:
  SessionPtr session_;
  std::string target_ = session_->target();
};

}  // namespace opshost::zk
