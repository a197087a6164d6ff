#pragma once
// What handles of equal arguments share: a session that opens on first use, lives over reconnects, and is begun anew by
// the first call after the servers ended it.
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bindings/zk/connection.hpp"
#include "bindings/zk/errors.hpp"
#include "bindings/zk/hosts.hpp"
#include "bindings/zk/watches.hpp"

namespace opshost::zk {

/// Decides what becomes of a request whose answer was lost.
enum class Repeat : std::uint8_t {
  freely,  ///< a read: it is asked again as soon as a server is there
  never,   ///< a change: the error says that it may have been applied
};

class Session : public std::enable_shared_from_this<Session> {
 public:
  explicit Session(ConnectOptions options);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// The session of these arguments that is in use, or a new one; always a new one where `fresh` is set.
  static std::shared_ptr<Session> shared(const ConnectOptions& options);

  /// "127.0.0.1:2181,127.0.0.1:2182/app".
  [[nodiscard]] const std::string& target() const { return target_; }
  [[nodiscard]] const std::string& chroot() const { return options_.chroot; }
  [[nodiscard]] const ConnectOptions& options() const { return options_; }
  [[nodiscard]] SessionInfo info() const;

  /// Sends a request and waits for its answer, whatever code that has but a lost one. `begin(handle, reply)` calls
  /// zoo_a... with &Reply::on_... and the Reply; it may be called again for Repeat::freely.
  ///
  /// Throws Error with zk.unreachable, zk.session_expired, zk.auth_failed, zk.connection_lost (Repeat::never alone), or
  /// "cancelled" where the call was stopped; maybe_applied says whether the request had left.
  template <class Begin>
  Awaitable<std::shared_ptr<Reply>> ask(Call& call, Asked asked, Repeat repeat, Begin begin) {
    while (true) {
      if (!usable()) co_await until_usable(call);
      const auto connection = connection_;
      auto reply = std::make_shared<Reply>(call.executor());
      connection->send(reply, [&](zhandle_t* handle) { return begin(handle, reply.get()); });
      if (!reply->done()) co_await Reply::wait(call, reply);
      if (!reply->done() || is_lost(reply->code)) {
        judge_lost(call, *connection, *reply, asked, repeat);
        continue;
      }
      co_return reply;
    }
  }

  using Watched = std::pair<std::shared_ptr<Reply>, std::shared_ptr<Watch>>;

  /// A read that also sets a watch, or relies on one that is set. `begin(handle, reply, watch)` passes watch on, which
  /// may be nullptr. Where it is `for_absent`, "no node" sets the watch too.
  template <class Begin>
  Awaitable<Watched> ask_watched(Call& call, Asked asked, Watch::Kind kind, std::string path, bool for_absent,
                                 Begin begin) {
    while (true) {
      if (!usable()) co_await until_usable(call);
      auto watched = co_await ask_watched_once(call, asked, kind, path, for_absent, begin);
      if (watched.first) co_return watched;
    }
  }

  /// The same, of the server that is there now: nothing where the connection to it breaks.
  template <class Begin>
  Awaitable<Watched> ask_watched_once(Call& call, Asked asked, Watch::Kind kind, std::string path, bool for_absent,
                                      Begin begin) {
    const auto connection = connection_;
    auto& watches = connection->watches();
    auto watch = watches.find(kind, path);
    const bool is_new = watch == nullptr;
    if (is_new) watch = watches.add(kind, path);
    auto reply = std::make_shared<Reply>(call.executor());
    if (is_new) {
      // Also where nobody waits for the answer any more.
      reply->when_done([weak = std::weak_ptr(connection), watch, for_absent](int code) {
        const auto its = weak.lock();
        if (!its) return;
        const bool set = code == ZOK || (for_absent && code == ZNONODE);
        set ? its->watches().is_set(watch) : its->watches().forget(watch);
      });
    }
    connection->send(reply,
                     [&](zhandle_t* handle) { return begin(handle, reply.get(), is_new ? watch.get() : nullptr); });
    if (!reply->done()) co_await Reply::wait(call, reply);
    if (!reply->done() || is_lost(reply->code)) {
      judge_lost(call, *connection, *reply, asked, Repeat::freely);
      co_return Watched();
    }
    co_return Watched(std::move(reply), std::move(watch));
  }

  /// What becomes of a request without an answer: returns where it is to be asked again. Throws like ask.
  void judge_lost(Call& call, const Connection& connection, const Reply& reply, const Asked& asked, Repeat repeat);

  /// Until a server has let us in; begins a session where there is none. Throws like ask. `give_up`: zk.unreachable too
  /// where a session that was connected finds no server by then.
  Awaitable<void> until_usable(Call& call, TimePoint give_up = kNoDeadline);
  /// Until the state changes, the time has come, or the call is stopped. May return for no reason.
  Awaitable<void> wait_for_change(Call& call, TimePoint until);
  /// Whoever waits for a change looks again.
  void wake() {
    if (change_) change_->cancel();
  }
  /// Until the state changes, the watch fires, or the call is stopped.
  Awaitable<void> until_news(Call& call, std::shared_ptr<Watch> watch);
  [[nodiscard]] bool usable() const { return connection_ && connection_->usable(); }
  [[nodiscard]] SessionState state() const;
  /// The session in use; nullptr: none. Tells one session from the next.
  [[nodiscard]] const std::shared_ptr<Connection>& connection() const { return connection_; }
  /// Why no server is there, for messages.
  [[nodiscard]] std::string seen() const;
  /// Why that session is over.
  [[nodiscard]] Error lost_error(const Connection& connection) const;

 private:
  Awaitable<void> open(Call& call);
  void fail_attempt(Error failure);
  void begin(const asio::any_io_executor& executor, Addresses addresses);
  void changed();

  ConnectOptions options_;
  std::vector<HostPort> servers_;
  std::string target_;
  std::shared_ptr<Connection> connection_;
  std::unique_ptr<asio::steady_timer> change_;  ///< cancelled at each change, for whoever waits for one
  std::optional<TimePoint> opening_until_;      ///< the first connection of this session has to be there by then
  unsigned attempt_ = 0;                        ///< counts the sessions begun, or tried to begin
  unsigned failed_attempt_ = 0;
  std::optional<Error> failure_;  ///< why that one failed: all who waited for it are told
  bool looking_up_ = false;
  bool lost_ = false;
};

}  // namespace opshost::zk
