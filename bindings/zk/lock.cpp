#include "bindings/zk/lock.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>

#include "bindings/zk/path.hpp"
#include "bindings/zk/tag.hpp"

namespace opshost::zk {

namespace {

using namespace std::chrono_literals;

/// After the tag, before the number that the server appends.
constexpr std::string_view kPlace = "lock-";
constexpr std::size_t kNumberDigits = 10;
constexpr Duration kBetweenTries = 200ms;

/// The number of a place's name; empty: it is none.
std::string_view number_of(std::string_view name) {
  if (tag_of(name).empty() || name.size() < kNumberDigits) return {};
  return name.substr(name.size() - kNumberDigits);
}

/// Names of places, oldest first; other nodes do not count.
std::vector<std::string> in_order(std::vector<std::string> names) {
  std::erase_if(names, [](const auto& name) { return number_of(name).empty(); });
  std::sort(names.begin(), names.end(), [](const auto& a, const auto& b) { return number_of(a) < number_of(b); });
  return names;
}

std::string sortable(std::int64_t zxid) {
  std::array<char, 20> text{};
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(zxid));
  return text.data();
}

double seconds_since_1970() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

Awaitable<void> pause(Call& call, Duration length) {
  asio::steady_timer timer(call.executor(), length);
  const auto reaction = call.stop().on_stop([&timer] { timer.cancel(); });
  boost::system::error_code ignored;
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

Awaitable<std::shared_ptr<LockPlace>> take_place(Call& call, SessionPtr session, std::string lock, std::string tagged,
                                                 std::string owner, Acl acl) {
  CreateOptions options;
  options.ephemeral = options.sequential = options.tagged = options.makepath = true;
  options.acl = std::move(acl);
  const auto node = co_await create_node(call, session, std::move(tagged), std::move(owner), options);
  const Asked asked("look at", node);
  const auto full = full_path(*session, node);
  const auto begin = [&](zhandle_t* handle, Reply* reply) {
    return zoo_aexists(handle, full.c_str(), 0, Reply::on_stat, reply);
  };
  std::shared_ptr<Reply> reply;
  try {
    reply = co_await session->ask(call, asked, Repeat::freely, begin);
  } catch (const Error& error) {
    throw Error(error).maybe_applied();
  }
  if (reply->code != ZOK) {
    const Error error = co_await explain(call, session, reply->code, asked);
    throw Error(error).maybe_applied(reply->code != ZNONODE);
  }
  co_return std::make_shared<LockPlace>(session, lock, node, sortable(reply->stat.czxid));
}

}  // namespace

std::string default_owner() {
  const char* user = std::getenv("SUDO_USER");
  if (user == nullptr) user = std::getenv("USER");
  std::array<char, 256> host{};
  gethostname(host.data(), host.size() - 1);
  return (user == nullptr ? "uid " + std::to_string(getuid()) : std::string(user)) + "@" + host.data() + " pid " +
         std::to_string(getpid());
}

bool LockPlace::session_ended() const { return connection_->ended() || connection_ != session_->connection(); }

Error LockPlace::lost_error(const std::string& why) const {
  return Error("zk.lock_lost", "the lock " + describe(Value(lock_), 200) + " is no longer ours: " + why)
      .on(session_->target());
}

// Nothing that was heard since counts before our node was looked at again.
bool LockPlace::in_doubt() {
  if (over_) return false;
  if (doubted_) return true;
  if (Clock::now() < lost_at()) return false;
  doubted_ = true;
  session_->wake();
  return true;
}

// A server without a quorum does not know what the others made of our session meanwhile.
bool LockPlace::served() const {
  return connection_ == session_->connection() && connection_->state() == Connection::State::connected;
}

Awaitable<void> LockPlace::until_served(Call& call) {
  while (!served()) {
    if (session_ended()) throw lost_error("the session ended while it waited");
    if (call.stop().stopped()) {
      throw Error("cancelled", "stopped while it waited for the lock " + lock_).on(session_->target());
    }
    if (session_->usable()) {
      call.saw("the server " + connection_->server() + " has no quorum");
      co_await session_->wait_for_change(call, kNoDeadline);
    } else {
      co_await session_->until_usable(call);
    }
  }
}

// Asked of the server that is there now, and no other: who looks after the lock has to say at once that there is none.
Awaitable<LockPlace::Own> LockPlace::watch_own(Call& call) {
  const auto full = full_path(*session_, node_);
  const auto begin = [&](zhandle_t* handle, Reply* reply, Watch* watch) {
    return zoo_awexists(handle, full.c_str(), watch == nullptr ? nullptr : Watch::on_event, watch, Reply::on_stat,
                        reply);
  };
  const Asked asked("look at", node_);
  const auto found = co_await session_->ask_watched_once(call, asked, Watch::Kind::node, full, true, begin);
  if (!found.first || !served()) co_return Own::unknown;
  if (found.first->code == ZNONODE) co_return Own::gone;
  if (found.first->code != ZOK) {
    const Error error = co_await explain(call, session_, found.first->code, asked);
    throw error;
  }
  own_ = found.second;
  co_return Own::there;
}

// Watching the one before us alone: its end wakes one waiter, not all of them.
Awaitable<void> LockPlace::wait_for(Call& call, std::string node) {
  const auto full = full_path(*session_, node);
  const auto begin = [&](zhandle_t* handle, Reply* reply, Watch* watch) {
    return zoo_awget(handle, full.c_str(), watch == nullptr ? nullptr : Watch::on_event, watch, Reply::on_data, reply);
  };
  const Asked asked("look at", node);
  const auto found = co_await session_->ask_watched(call, asked, Watch::Kind::node, full, false, begin);
  if (found.first->code == ZNONODE) co_return;
  if (found.first->code != ZOK) {
    const Error error = co_await explain(call, session_, found.first->code, asked);
    throw error;
  }
  const auto age = seconds_since_1970() - static_cast<double>(found.first->stat.ctime) * 1e-3;
  const auto seen = describe(Value(found.first->text), 200) + " is before us, for " +
                    humanize_duration(seconds_to_duration(std::max(age, 0.0)).value_or(Duration{}));
  call.saw(seen);
  co_await Watch::wait(call, found.second);
  if (call.stop().stopped()) {
    call.saw(seen);
    throw Error("cancelled", "stopped while it waited for the lock " + lock_).on(session_->target());
  }
}

Awaitable<void> LockPlace::wait_turn(Call& call) {
  while (true) {
    co_await until_served(call);
    auto names = co_await get_children(call, session_, lock_);
    names = in_order(std::move(names));
    const auto own = std::find(names.begin(), names.end(), name_of(node_));
    if (own == names.end()) throw lost_error("its node " + node_ + " was deleted while it waited");
    if (own != names.begin()) {
      co_await wait_for(call, join(lock_, *(own - 1)));
      continue;
    }
    if (!served()) continue;
    const auto found = co_await watch_own(call);
    if (found == Own::there) co_return;
    if (found == Own::gone) throw lost_error("its node " + node_ + " was deleted");
  }
}

Awaitable<LockNews> LockPlace::wait_news(Call& call, LockState known) {
  while (!call.stop().stopped()) {
    if (session_ended()) co_return LockNews{LockState::lost, "the servers ended our session"};
    if (!served()) {
      const auto until = lost_at();
      if (Clock::now() >= until) {
        co_return LockNews{LockState::lost, "no server has answered for the " +
                                                humanize_duration(connection_->session_timeout()) +
                                                " after which they give it to the next"};
      }
      if (known != LockState::suspended) co_return LockNews{LockState::suspended, "the connection is lost"};
      co_await session_->wait_for_change(call, until);
      continue;
    }
    // Something became of our node: nothing moves before we know what.
    const bool doubted = std::exchange(doubted_, false);
    if (known == LockState::held && (own_->fired() || doubted)) {
      co_return LockNews{LockState::suspended, doubted ? "this process stood still" : "its node was changed"};
    }
    if (known == LockState::suspended) {
      const auto found = co_await watch_own(call);
      if (found == Own::gone) co_return LockNews{LockState::lost, "somebody deleted its node " + node_};
      if (found == Own::there) co_return LockNews{LockState::held, "a server answers"};
      continue;
    }
    co_await session_->until_news(call, own_);
  }
  throw Error("cancelled", "stopped while it looked after the lock " + lock_).on(session_->target());
}

Awaitable<void> LockPlace::leave(Call& call) {
  over_ = true;  // not before: until it is stopped its function stands still
  while (true) {
    if (session_ended()) throw lost_error("the servers ended our session");
    std::optional<Error> failed;
    try {
      co_await delete_node(call, session_, node_, std::nullopt);
      co_return;
    } catch (const Error& error) {
      failed = error;
    }
    if (call.stop().stopped() || failed->code() != "zk.connection_lost") {
      if (session_ended()) throw lost_error("the servers ended our session");
      throw Error("zk.lock_left", "the lock " + describe(Value(lock_), 200) + " could not be given back: its node " +
                                      describe(Value(node_), 200) +
                                      " may still be there, and keeps it until our session " + "ends (" +
                                      humanize_duration(connection_->session_timeout()) +
                                      " after this process). Delete that node to free it")
          .on(session_->target())
          .maybe_applied()
          .because(*failed);
    }
    co_await pause(call, kBetweenTries);
  }
}

Awaitable<std::shared_ptr<LockPlace>> enter_lock(Call& call, SessionPtr session, std::string lock, std::string owner,
                                                 Acl acl) {
  check_path(lock);
  // Not create_node's own tag, so that we know it whatever becomes of the request.
  const auto tagged = join(lock, new_tag() + std::string(kPlace));
  if (!session->usable()) co_await session->until_usable(call);
  const auto connection = session->connection();
  std::optional<Error> failed;
  try {
    co_return co_await take_place(call, session, lock, tagged, std::move(owner), std::move(acl));
  } catch (const Error& error) {
    failed = error;
  }
  // A place ends with its session.
  const bool is_there_no_more = connection->ended() || connection != session->connection();
  if (!failed->is_maybe_applied() || is_there_no_more) throw Error(*failed);
  throw Error("zk.lock_left", "whether we got a place in the queue of the lock " + describe(Value(lock), 200) +
                                  " is not known: a node whose name begins with " + describe(Value(tagged), 200) +
                                  " may be there, and would keep it until our session ends (" +
                                  humanize_duration(connection->session_timeout()) +
                                  " after this process). Delete that node to free it")
      .on(session->target())
      .maybe_applied()
      .because(*failed);
}

Awaitable<std::vector<Contender>> contenders_of(Call& call, SessionPtr session, std::string lock) {
  const auto stat = co_await node_exists(call, session, lock);
  if (!stat) co_return std::vector<Contender>();
  auto names = co_await get_children(call, session, lock);
  names = in_order(std::move(names));
  std::vector<Contender> contenders;
  for (const auto& name : names) {
    const auto node = co_await find_node(call, session, join(lock, name));
    if (!node) continue;
    const auto age = std::max(seconds_since_1970() - node->stat.ctime, 0.0);
    contenders.push_back({.node = node->path,
                          .owner = node->data,
                          .session = node->stat.owner_session.value_or(""),
                          .since = node->stat.ctime,
                          .age = seconds_to_duration(age).value_or(Duration{}),
                          .holds = contenders.empty()});
  }
  co_return contenders;
}

}  // namespace opshost::zk
