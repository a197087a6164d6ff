#include "bindings/zk/changes.hpp"

#include <algorithm>

#include "bindings/zk/path.hpp"

namespace opshost::zk {

Follower::Follower(SessionPtr session, std::string path, bool children)
    : session_(std::move(session)), path_(std::move(path)), children_(children) {
  check_path(path_);
}

Awaitable<std::optional<Change>> Follower::next(Call& call) {
  if (ended_) co_return std::nullopt;
  if (!seen_) {
    auto first = co_await look(call);
    seen_ = std::move(first);
    co_return change(ChangeType::initial, false);
  }
  while (true) {
    const int event = co_await await_event(call);
    auto now = co_await look(call);
    const auto before = std::exchange(seen_, std::move(now));
    auto found = compare(*before, event);
    if (found) co_return found;
  }
}

bool Follower::is_fresh() const {
  return seen_ && seen_->watch && !seen_->watch->fired() && !seen_->watch->orphaned() && session_->usable();
}

Awaitable<int> Follower::await_event(Call& call) {
  const auto watch = seen_->watch;
  co_await Watch::wait(call, watch);
  if (call.stop().stopped()) {
    const auto shown = describe(Value(path_), 200);
    call.saw(session_->usable() ? "no change of " + shown : "no server to tell of " + shown + ": " + session_->seen());
    throw Error("cancelled", "stopped while it waited for a change of " + path_).on(session_->target());
  }
  if (watch->orphaned()) {
    throw Error("zk.session_expired", "the session that watched " + describe(Value(path_), 200) +
                                          " has ended: changes may have been missed. Begin a new watch")
        .on(session_->target());
  }
  co_return watch->event();
}

Awaitable<Follower::Look> Follower::look(Call& call) {
  const auto full = full_path(*session_, path_);
  const auto kind = children_ ? Watch::Kind::children : Watch::Kind::node;
  const Asked asked("watch", path_);
  const auto begin_reading = [&](zhandle_t* handle, Reply* reply, Watch* watch) {
    const auto told = watch == nullptr ? nullptr : Watch::on_event;
    if (children_) return zoo_awget_children2(handle, full.c_str(), told, watch, Reply::on_children, reply);
    return zoo_awget(handle, full.c_str(), told, watch, Reply::on_data, reply);
  };
  const auto begin_absent = [&](zhandle_t* handle, Reply* reply, Watch* watch) {
    const auto told = watch == nullptr ? nullptr : Watch::on_event;
    return zoo_awexists(handle, full.c_str(), told, watch, Reply::on_stat, reply);
  };
  while (true) {
    const auto found = co_await session_->ask_watched(call, asked, kind, full, false, begin_reading);
    auto& reply = *found.first;
    if (reply.code == ZOK) {
      std::sort(reply.names.begin(), reply.names.end());
      co_return Look{true, reply.stat, std::move(reply.text), std::move(reply.names), found.second, connections()};
    }
    const bool may_be_absent = reply.code == ZNONODE && (!children_ || seen_);
    if (!may_be_absent) {
      const Error error = co_await explain(call, session_, reply.code, asked);
      throw error;
    }
    if (children_) {
      Look look;
      look.connections = connections();
      co_return look;
    }
    const auto absent = co_await session_->ask_watched(call, asked, kind, full, true, begin_absent);
    if (absent.first->code == ZNONODE) {
      Look look;
      look.watch = absent.second;
      look.connections = connections();
      co_return look;
    }
    // It was created in between, or the answer was an error that reading it will show as well.
  }
}

unsigned Follower::connections() const {
  const auto& connection = session_->connection();
  return connection ? connection->connections() : 0;
}

// nullopt: what was to be told of is no news (a watch that was set anew).
std::optional<Change> Follower::compare(const Look& before, int event) {
  const Look& now = *seen_;
  const bool broke = before.connections != now.connections;
  if (!now.exists) {
    ended_ = children_;
    const bool was_there = before.exists || event == ZOO_CREATED_EVENT;
    if (!was_there) return std::nullopt;
    const bool was_told_of_more = event == ZOO_CHANGED_EVENT || event == ZOO_CHILD_EVENT;
    return change(ChangeType::deleted, !before.exists || was_told_of_more || broke);
  }
  const bool is_same = before.exists && before.stat.czxid == now.stat.czxid;
  if (!is_same && children_) return change(ChangeType::children, true);
  if (!is_same) return change(ChangeType::created, before.exists || now.stat.version > 0 || broke);
  const auto steps = children_ ? now.stat.cversion - before.stat.cversion : now.stat.version - before.stat.version;
  if (steps == 0) return std::nullopt;
  return change(children_ ? ChangeType::children : ChangeType::changed, steps != 1);
}

Change Follower::change(ChangeType type, bool missed) const {
  Change change{.type = type, .path = path_, .exists = seen_->exists, .missed = missed};
  if (!seen_->exists) return change;
  change.stat = stat_from(seen_->stat);
  if (children_) {
    change.children = seen_->children;
  } else {
    change.data = seen_->data;
  }
  return change;
}

Stream<Change> changes_of(SessionPtr session, std::string path, bool children) {
  auto follower = std::make_shared<Follower>(std::move(session), std::move(path), children);
  return Stream<Change>([follower](Call& call) { return follower->next(call); });
}

}  // namespace opshost::zk
