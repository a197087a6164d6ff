#include "bindings/zk/delete_tree.hpp"

#include <deque>
#include <vector>

#include "bindings/zk/path.hpp"
#include "bindings/zk/walk.hpp"

namespace opshost::zk {

namespace {

/// Looks at a tree that others keep adding to.
constexpr int kMostRounds = 10;
/// Deletions under way at once.
constexpr std::size_t kAhead = 256;

/// Everything below the node, each before what is below it.
Awaitable<std::vector<std::string>> below(Call& call, SessionPtr session, std::string path) {
  std::vector<std::string> paths;
  Walk walk(session, path, false);
  while (true) {
    auto node = co_await walk.next(call);
    if (!node) co_return paths;
    if (node->depth > 0) paths.push_back(std::move(node->path));
  }
}

/// From the last to the first: a server carries out what one session sends in the order it was sent.
class Deletions {
 public:
  /// `sent`: set once one of them may have left this process.
  Deletions(SessionPtr session, std::vector<std::string> paths, bool& sent)
      : session_(std::move(session)), left_(std::move(paths)), sent_(sent) {}

  Awaitable<void> run(Call& call) {
    while (!left_.empty() || !under_way_.empty()) {
      if (!session_->usable()) co_await session_->until_usable(call);
      send(call);
      const auto first = std::move(under_way_.front());
      under_way_.pop_front();
      co_await Reply::wait(call, first.reply);
      co_await judge(call, first);
    }
  }

 private:
  struct Deletion {
    std::string path;
    std::shared_ptr<Reply> reply;
    std::shared_ptr<Connection> connection;
  };

  void send(Call& call) {
    while (under_way_.size() < kAhead && !left_.empty()) {
      Deletion deletion{std::move(left_.back()), std::make_shared<Reply>(call.executor()), session_->connection()};
      left_.pop_back();
      const auto full = full_path(*session_, deletion.path);
      deletion.connection->send(deletion.reply, [&](zhandle_t* handle) {
        return zoo_adelete(handle, full.c_str(), -1, Reply::on_void, deletion.reply.get());
      });
      sent_ = sent_ || deletion.reply->sent();
      under_way_.push_back(std::move(deletion));
    }
  }

  // A node that is gone already, or has got a child meanwhile, is the next round's business.
  Awaitable<void> judge(Call& call, Deletion deletion) {
    const Asked asked{"delete", deletion.path};
    const auto& reply = *deletion.reply;
    if (!reply.done() || is_lost(reply.code)) {
      session_->judge_lost(call, *deletion.connection, reply, asked, Repeat::never);
      left_.push_back(deletion.path);  // it never left this process
      co_return;
    }
    if (reply.code == ZOK || reply.code == ZNONODE || reply.code == ZNOTEMPTY) co_return;
    const Error error = co_await explain(call, session_, reply.code, asked);
    throw error;
  }

  SessionPtr session_;
  std::vector<std::string> left_;
  std::deque<Deletion> under_way_;
  bool& sent_;
};

/// `sent`: set where one of the deletions may have been carried out, whatever becomes of the others.
Awaitable<bool> delete_once(Call& call, SessionPtr session, std::string path, std::optional<std::int32_t> version,
                            bool& sent) {
  const auto stat = co_await node_exists(call, session, path);
  if (!stat && !version) co_return false;
  if (stat && version && stat->version != *version) {
    const Error error = co_await explain(call, session, ZBADVERSION, {"delete", path});
    throw error;
  }
  auto paths = co_await below(call, session, path);
  Deletions deletions(session, std::move(paths), sent);
  co_await deletions.run(call);
  co_return co_await delete_node(call, session, path, version);
}

}  // namespace

Awaitable<bool> delete_tree(Call& call, SessionPtr session, std::string path, std::optional<std::int32_t> version) {
  bool some_gone = false;
  for (int round = 1;; ++round) {
    std::optional<Error> failed;
    try {
      co_return co_await delete_once(call, session, path, version, some_gone);
    } catch (const Error& error) {
      failed = error;
    }
    // Gone since it was looked at, or grown.
    const bool look_again = failed->code() == "zk.not_found" || failed->code() == "zk.not_empty";
    if (look_again && round < kMostRounds) continue;
    if (some_gone) failed->set_maybe_applied(true);
    throw Error(*failed);
  }
}

}  // namespace opshost::zk
