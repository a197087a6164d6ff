// The channels of a session: opened one after the other, closed without waiting.
#include <utility>

#include "bindings/ssh/session.hpp"
#include "host/base/error.hpp"

namespace opshost::ssh {

namespace {

/// A server that connects somewhere on our behalf gets it before others are asked to open what waits behind.
constexpr Duration kPatience = std::chrono::seconds(1);

/// nullptr: its answer is not there yet, or it is refused.
LIBSSH2_CHANNEL* ask_for(LIBSSH2_SESSION* session, const ChannelTarget& target) {
  if (target.is_session()) return libssh2_channel_open_session(session);
#if LIBSSH2_VERSION_NUM >= 0x010b00
  // Who asks is for the server's log.
  if (target.tcp_host.empty()) {
    return libssh2_channel_direct_streamlocal_ex(session, target.unix_path.c_str(), "127.0.0.1", 22);
  }
#endif
  return libssh2_channel_direct_tcpip(session, target.tcp_host.c_str(), target.tcp_port);
}

}  // namespace

struct Session::Opening {
  Opening(const asio::any_io_executor& executor, ChannelTarget target) : target(std::move(target)), done(executor) {}

  ChannelTarget target;
  OpenedChannel result = nullptr;
  TimePoint begun{};
  bool finished = false;
  bool unwanted = false;
  WaitList done;
};

Awaitable<OpenedChannel> Session::open_channel(ChannelTarget target, StopToken& stop) {
  const auto self = shared_from_this();
  throw_if_lost();
  if (held_up_) co_return ChannelBusy();
  const auto opening = std::make_shared<Opening>(executor_, std::move(target));
  openings_.push_back(opening);
  if (!std::exchange(opening_, true)) asio::co_spawn(executor_, open_in_turn(self), asio::detached);
  watch_front();
  const auto is_behind = [&] { return held_up_ && openings_.front() != opening; };
  while (!opening->finished && !lost_ && !stop.stopped() && !is_behind()) co_await opening->done.wait(&stop);
  if (opening->finished) {
    if (auto** channel = std::get_if<LIBSSH2_CHANNEL*>(&opening->result); channel != nullptr && stop.stopped()) {
      dispose(*channel);
      throw_stopped();
    }
    co_return std::move(opening->result);
  }
  opening->unwanted = true;
  throw_if_lost();
  if (!stop.stopped()) co_return ChannelBusy();
  if (held_up_ && openings_.front() == opening) front_holds_up();
  throw_stopped();
}

// A command's channel is the server's own and opened at once, or it is frozen, which no other session would help.
void Session::watch_front() {
  const bool waits = openings_.size() > 1 && openings_.front()->begun != TimePoint();
  if (!waits || held_up_ || openings_.front()->target.is_session()) return;
  patience_.expires_at(openings_.front()->begun + kPatience);
  patience_.async_wait(
      [weak = weak_from_this(), front = openings_.front()](const boost::system::error_code& cancelled) {
        const auto self = weak.lock();
        if (self && !cancelled && !self->openings_.empty() && self->openings_.front() == front) self->front_holds_up();
      });
}

void Session::front_holds_up() {
  held_up_ = true;
  // Nobody waits for it any more, and nothing else is in use: a new session is better than one that opens no channel.
  if (openings_.front()->unwanted && open_channels_ == 0) {
    lose("it was still connecting to port " + std::to_string(openings_.front()->target.tcp_port) + " of " +
         openings_.front()->target.tcp_host);
    return;
  }
  wake_openings();
}

void Session::wake_openings() {
  for (const auto& opening : openings_) opening->done.wake_all();
}

void Session::abandon_openings() {
  for (const auto& opening : std::exchange(openings_, {})) opening->done.abandon();
}

Awaitable<void> Session::open_in_turn(std::shared_ptr<Session> self) {
  while (!self->openings_.empty() && !self->lost_) {
    const auto opening = self->openings_.front();
    opening->begun = Clock::now();
    self->watch_front();
    try {
      if (!opening->unwanted) co_await open_one(*self, *opening);
    } catch (const Error&) {
      break;  // lost: open_channel says so to everyone who waits
    }
    self->openings_.pop_front();
    self->held_up_ = false;
    self->patience_.cancel();
    opening->finished = true;
    if (auto** channel = std::get_if<LIBSSH2_CHANNEL*>(&opening->result); channel != nullptr && opening->unwanted) {
      if (*channel != nullptr) self->dispose(*channel);
    }
    opening->done.wake_all();
  }
  self->openings_.clear();
  self->opening_ = false;
}

Awaitable<void> Session::open_one(Session& self, Opening& opening) {
  LIBSSH2_CHANNEL* channel = nullptr;
  const auto attempt = [&]() -> long {
    channel = ask_for(self.raw_, opening.target);
    return channel != nullptr ? 0 : libssh2_session_last_errno(self.raw_);
  };
  const long answer = co_await self.repeat(attempt);
  if (answer == 0) {
    ++self.open_channels_;
    if (opening.target.is_session()) ++self.open_sessions_;
    self.numbers_[channel] = {self.opened_number_, opening.target.is_session()};
    self.endings_[self.opened_number_] = {};
    opening.result = channel;
  } else {
    self.throw_if_lost();
    opening.result = ChannelRefused{self.failure()};
  }
}

void Session::dispose(LIBSSH2_CHANNEL* channel) {
  if (lost_) return;  // goes with the session
  bool is_session = true;
  if (const auto number = numbers_.find(channel); number != numbers_.end()) {
    is_session = number->second.is_session;
    endings_.erase(number->second.ours);
    numbers_.erase(number);
  }
  const long answer = note(libssh2_channel_free(channel));
  if (answer == LIBSSH2_ERROR_EAGAIN) {
    asio::co_spawn(executor_, bury(shared_from_this(), channel, is_session), asio::detached);
    return;
  }
  count_closed(is_session);
}

void Session::count_closed(bool is_session) {
  --open_channels_;
  if (is_session) --open_sessions_;
  channel_closed_.wake_all();
}

Awaitable<void> Session::bury(std::shared_ptr<Session> self, LIBSSH2_CHANNEL* channel, bool is_session) {
  try {
    co_await self->repeat([channel]() -> long { return libssh2_channel_free(channel); });
  } catch (const Error&) {
    co_return;
  }
  self->count_closed(is_session);
}

}  // namespace opshost::ssh
