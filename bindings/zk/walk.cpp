#include "bindings/zk/walk.hpp"

#include <algorithm>
#include <limits>

#include "bindings/zk/path.hpp"

namespace opshost::zk {

namespace {

/// Requests under way at once on one level. A server answers a client in order, so more would only wait there.
constexpr std::size_t kAhead = 128;
/// As long as nobody knows how many children such nodes have.
constexpr std::size_t kFirstAhead = 8;
/// Names that the answers to those may hold together, by what was seen of nodes of that depth.
constexpr std::size_t kNamesAhead = 16384;

constexpr auto kUnknown = std::numeric_limits<std::size_t>::max();

int begin_children(zhandle_t* handle, const std::string& full, Reply* reply) {
  return zoo_aget_children2(handle, full.c_str(), 0, Reply::on_children, reply);
}
int begin_data(zhandle_t* handle, const std::string& full, Reply* reply) {
  return zoo_aget(handle, full.c_str(), 0, Reply::on_data, reply);
}

}  // namespace

Walk::Walk(SessionPtr session, std::string path, bool data)
    : session_(std::move(session)), start_(std::move(path)), data_(data) {
  check_path(start_);
  levels_.push_back({.parent = {}, .names = {start_}});
}

std::string Walk::path_of(const Level& level, std::size_t index) const {
  return level.parent.empty() ? start_ : join(level.parent, level.names[index]);
}

std::size_t Walk::names_held() const {
  std::size_t count = 0;
  for (const auto& level : levels_) {
    count += level.names.size() - level.next;
    for (const auto& ahead : level.ahead) count += ahead.children->names.size();
  }
  return count;
}

std::size_t Walk::window(std::size_t depth) const {
  if (depth >= fan_out_.size() || fan_out_[depth] == kUnknown) return kFirstAhead;
  return std::clamp(kNamesAhead / std::max<std::size_t>(fan_out_[depth], 1), std::size_t{2}, kAhead);
}

// The most of late: nodes of one depth mostly resemble each other.
void Walk::learn(std::size_t depth, std::size_t children) {
  if (depth >= fan_out_.size()) fan_out_.resize(depth + 1, kUnknown);
  auto& known = fan_out_[depth];
  known = known == kUnknown ? children : std::max(children, known - known / 64);
}

void Walk::ask_ahead(Call& call, std::size_t depth) {
  auto& level = levels_[depth];
  const auto& connection = session_->connection();
  const auto most = window(depth);
  // Half a window at a time: each look for free places then sends many requests together.
  if (level.ahead.size() > most / 2) return;
  while (level.ahead.size() < most && level.next + level.ahead.size() < level.names.size()) {
    const auto full = full_path(*session_, path_of(level, level.next + level.ahead.size()));
    Ahead ahead{.children = std::make_shared<Reply>(call.executor()), .data = {}};
    connection->send(ahead.children,
                     [&](zhandle_t* handle) { return begin_children(handle, full, ahead.children.get()); });
    if (data_) {
      ahead.data = std::make_shared<Reply>(call.executor());
      connection->send(ahead.data, [&](zhandle_t* handle) { return begin_data(handle, full, ahead.data.get()); });
    }
    level.ahead.push_back(std::move(ahead));
  }
}

// What a broken connection left unanswered is asked once more, by itself.
Awaitable<std::shared_ptr<Reply>> Walk::answer(Call& call, std::shared_ptr<Reply> reply, std::string path, bool data) {
  if (!reply->done()) co_await Reply::wait(call, reply);
  if (!reply->done()) {
    call.saw("waiting for " + describe(Value(path), 200));
    throw Error("cancelled", "stopped during a walk at " + path).on(session_->target());
  }
  if (!is_lost(reply->code)) co_return reply;
  if (connection_->ended()) throw session_->lost_error(*connection_);
  const auto full = full_path(*session_, path);
  const auto begin = [&](zhandle_t* handle, Reply* again) {
    return data ? begin_data(handle, full, again) : begin_children(handle, full, again);
  };
  co_return co_await session_->ask(call, {"walk to", path}, Repeat::freely, begin);
}

// Another session may see another tree.
Awaitable<void> Walk::until_usable(Call& call) {
  if (connection_ && (connection_->ended() || connection_ != session_->connection()))
    throw session_->lost_error(*connection_);
  if (!session_->usable()) co_await session_->until_usable(call);
  connection_ = session_->connection();
}

Awaitable<std::optional<WalkedNode>> Walk::next(Call& call) {
  entered_ = false;
  while (!levels_.empty()) {
    if (levels_.back().next == levels_.back().names.size()) {
      levels_.pop_back();
      continue;
    }
    co_await until_usable(call);
    // The node after this level too, so that it is there when the level is done.
    for (auto i = levels_.size() > 1 ? levels_.size() - 2 : 0; i < levels_.size(); ++i) ask_ahead(call, i);

    auto& level = levels_.back();
    auto path = path_of(level, level.next);
    const auto ahead = std::move(level.ahead.front());
    level.ahead.pop_front();
    ++level.next;
    const auto depth = static_cast<std::int64_t>(levels_.size()) - 1;
    const auto reply = co_await answer(call, ahead.children, path, false);
    std::shared_ptr<Reply> data;
    if (data_) data = co_await answer(call, ahead.data, path, true);
    const int code = reply->code != ZOK || !data ? reply->code : data->code;
    if (code == ZNONODE && depth > 0) continue;
    if (code != ZOK) {
      const Error error = co_await explain(call, session_, code, {"walk to", path});
      throw error;
    }
    learn(levels_.size() - 1, reply->names.size());
    if (!reply->names.empty()) {
      std::sort(reply->names.begin(), reply->names.end());
      levels_.push_back({.parent = path, .names = std::move(reply->names)});
      entered_ = true;
    }
    WalkedNode node{std::move(path), depth, stat_from(reply->stat), std::nullopt};
    if (data) node.data = std::move(data->text);
    co_return node;
  }
  co_return std::nullopt;
}

void Walk::prune() {
  if (std::exchange(entered_, false)) levels_.pop_back();
}

}  // namespace opshost::zk
