#include "bindings/ssh/session.hpp"

#include <malloc.h>
#include <sys/eventfd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <new>
#include <utility>
#include <variant>

#include "bindings/ssh/wire.hpp"
#include "host/base/error.hpp"
#include "host/base/time.hpp"

namespace opshost::ssh {

namespace {

/// Of one flooding session before the loop looks at the others: about a millisecond of decryption.
constexpr std::size_t kMostATurn = 128U * 1024U;

constexpr std::size_t kFirstBytes = 256;
constexpr int kMostUnanswered = 3;

void initialize_library() {
  static const bool done = libssh2_init(0) == 0;
  if (!done) throw Error("ssh.library", "libssh2 could not be initialised");
}

/// After these nothing that comes in makes sense any more.
bool breaks_connection(long answer) {
  switch (answer) {
    case LIBSSH2_ERROR_SOCKET_DISCONNECT:
    case LIBSSH2_ERROR_SOCKET_SEND:
    case LIBSSH2_ERROR_SOCKET_RECV:
    case LIBSSH2_ERROR_DECRYPT:
    case LIBSSH2_ERROR_INVALID_MAC:
    case LIBSSH2_ERROR_PROTO:
    case LIBSSH2_ERROR_KEX_FAILURE:
    case LIBSSH2_ERROR_KEY_EXCHANGE_FAILURE:
    case LIBSSH2_ERROR_OUT_OF_BOUNDARY:
    case LIBSSH2_ERROR_ALLOC:
      return true;
    default:
      return false;
  }
}

/// libssh2 takes every callback as one type.
template <class Function>
void set_callback(LIBSSH2_SESSION* session, int which, Function* function) {
#if LIBSSH2_VERSION_NUM >= 0x010b01
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): as its interface wants it
  libssh2_session_callback_set2(session, which, reinterpret_cast<libssh2_cb_generic*>(function));
#else
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): as its interface wants it
  libssh2_session_callback_set(session, which, reinterpret_cast<void*>(function));
#endif
}

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
  std::variant<LIBSSH2_CHANNEL*, ChannelRefused> result = nullptr;
  bool finished = false;
  bool unwanted = false;
  WaitList done;
};

Session::Session(const asio::any_io_executor& executor, std::shared_ptr<Transport> transport)
    : executor_(executor),
      transport_(std::move(transport)),
      stand_in_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      waiting_(executor),
      channel_closed_(executor) {
  initialize_library();
  raw_ = libssh2_session_init_ex(&Session::allocate, &Session::release, &Session::reallocate, this);
  if (raw_ == nullptr) throw std::bad_alloc();
  libssh2_session_set_blocking(raw_, 0);
  set_callback(raw_, LIBSSH2_CALLBACK_RECV, &Session::receive_callback);
  set_callback(raw_, LIBSSH2_CALLBACK_SEND, &Session::send_callback);
}

Session::~Session() { free_raw(); }

void Session::start() {
  transport_->listen([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->ready();
  });
}

// libssh2 keeps to itself whether an exit code was told, so the packets that it is done with are looked at.
void Session::look_at(std::string_view block) {
  constexpr char kChannelOpen = 90;  // RFC 4254
  constexpr char kChannelClose = 97;
  constexpr char kChannelRequest = 98;
  constexpr std::size_t kEndWord = 11;  // "exit-status", "exit-signal"
  if (block.front() < kChannelOpen || block.front() > kChannelRequest) return;
  WireReader reader(block.substr(1));
  if (block.front() == kChannelOpen) {
    reader.string();
    const std::uint32_t number = reader.uint32();
    if (reader.good()) opened_number_ = number;
    return;
  }
  const auto known = endings_.find(reader.uint32());
  if (known == endings_.end()) return;
  if (block.front() == kChannelClose) known->second.closed = true;
  if (block.front() != kChannelRequest || reader.uint32() != kEndWord) return;
  known->second.told =
      known->second.told || reader.rest().starts_with("exit-status") || reader.rest().starts_with("exit-signal");
}

Session::Ending Session::ending_of(LIBSSH2_CHANNEL* channel) const {
  const auto number = numbers_.find(channel);
  const auto ending = number == numbers_.end() ? endings_.end() : endings_.find(number->second);
  return ending == endings_.end() ? Ending() : ending->second;
}

bool Session::told_end(LIBSSH2_CHANNEL* channel) const { return ending_of(channel).told; }

bool Session::closed_untold(LIBSSH2_CHANNEL* channel) const {
  const Ending ending = ending_of(channel);
  return ending.closed && !ending.told;
}

// NOLINTBEGIN(cppcoreguidelines-no-malloc,cppcoreguidelines-owning-memory): libssh2's allocator
void* Session::allocate(size_t size, void**) { return std::malloc(size); }
void* Session::reallocate(void* block, size_t size, void**) { return std::realloc(block, size); }
void Session::release(void* block, void** self) {
  if (block == nullptr) return;
  const std::size_t size = malloc_usable_size(block);
  if (size > 0) static_cast<Session*>(*self)->look_at({static_cast<const char*>(block), size});
  std::free(block);
}
// NOLINTEND(cppcoreguidelines-no-malloc,cppcoreguidelines-owning-memory)

ssize_t Session::receive_callback(libssh2_socket_t, void* buffer, size_t size, int, void** self) {
  return static_cast<Session*>(*self)->receive({static_cast<char*>(buffer), size});
}

ssize_t Session::send_callback(libssh2_socket_t, const void* bytes, size_t size, int, void** abstract) {
  auto* self = static_cast<Session*>(*abstract);
  const std::ptrdiff_t sent = self->transport_->send({static_cast<const char*>(bytes), size});
  if (sent < 0) self->cut(errno_text(static_cast<int>(-sent)));
  return sent;
}

// Reading no byte of a channel reads every packet that is there.
void Session::sort_input(LIBSSH2_CHANNEL* channel) {
  std::array<char, 1> nothing{};
  note(libssh2_channel_read_ex(channel, 0, nothing.data(), 0));
}

std::ptrdiff_t Session::receive(std::span<char> buffer) {
  if (reads_nothing_) {
    transport_->watch();
    return -EAGAIN;
  }
  if (turn_ >= kMostATurn) {
    if (!std::exchange(turn_posted_, true)) {
      asio::post(executor_, [weak = weak_from_this()] {
        const auto self = weak.lock();
        if (!self) return;
        self->turn_posted_ = false;
        self->ready();
      });
    }
    return -EAGAIN;
  }
  const std::ptrdiff_t size = transport_->receive(buffer);
  if (size > 0) {
    turn_ += static_cast<std::size_t>(size);
    ++input_;
    received_ += static_cast<std::uint64_t>(size);
    if (first_bytes_.size() < kFirstBytes) first_bytes_.append(buffer.data(), static_cast<std::size_t>(size));
  } else if (size == -EAGAIN) {
    turn_ = 0;
    transport_->watch();
  } else if (!lost_) {
    cut(size == 0 ? "the other side closed the connection" : errno_text(static_cast<int>(-size)));
  }
  return size;
}

void Session::ready() {
  turn_ = 0;
  ++input_;
  if (waiting_.empty() && !lost_ && transport_->at_end()) cut("the other side closed the connection");
  spread_input();
}

void Session::spread_input() {
  if (std::exchange(spread_, input_) != input_) waiting_.wake_all();
}

long Session::note(long answer) {
  if (breaks_connection(answer) && !lost_) lose(failure());
  spread_input();
  return answer;
}

Awaitable<void> Session::wait_for_input(std::uint64_t seen, StopToken* stop) {
  if (seen != input_ || lost_) co_return;
  transport_->watch();
  co_await waiting_.wait(stop);
}

void Session::keep_alive(Duration every) {
  if (every <= Duration::zero() || lost_) return;
  if (!alive_) alive_.emplace(executor_);
  alive_->expires_after(every);
  alive_->async_wait([weak = weak_from_this(), every](const boost::system::error_code& cancelled) {
    if (const auto self = weak.lock(); self && !cancelled) self->look_alive(every);
  });
}

void Session::look_alive(Duration every) {
  if (lost_) return;
  // While nobody waits for input nothing is read: silence says nothing then.
  const bool quiet = std::exchange(received_before_, received_) == received_;
  if (waiting_.empty() || !quiet) {
    unanswered_ = 0;
  } else if (++unanswered_ > kMostUnanswered) {
    lose("no sign of life for " + humanize_duration(every * (kMostUnanswered + 1)));
    return;
  }
  if (!waiting_.empty()) {
    int unused = 0;
    libssh2_keepalive_config(raw_, 1, 1);
    note(libssh2_keepalive_send(raw_, &unused));
  }
  keep_alive(every);
}

void Session::throw_if_lost() const {
  if (lost_) throw Error("ssh.lost", *lost_);
}

void Session::throw_stopped() { throw Error("cancelled", "stopped while the host had not answered"); }

void Session::cut(std::string why) {
  cut_ = cut_ || !lost_;
  lose(std::move(why));
}

void Session::lose(std::string why) {
  if (lost_) return;
  lost_ = std::move(why);
  transport_->close();
  alive_.reset();
  ++input_;
  spread_input();
  channel_closed_.wake_all();
  for (const auto& opening : openings_) opening->done.wake_all();
}

void Session::close() {
  // Sent without waiting; what the server says to it interests nobody.
  if (!lost_ && raw_ != nullptr) libssh2_session_disconnect(raw_, "done");
  lose("the connection was closed here");
}

void Session::abandon() {
  const auto self = shared_from_this();
  if (!lost_) lost_ = "opshost ended";
  transport_->close();
  for (const auto& opening : std::exchange(openings_, {})) opening->done.abandon();
  waiting_.abandon();
  channel_closed_.abandon();
}

void Session::free_raw() {
  // On a lost transport it frees what it has and answers at once.
  if (!lost_) lost_ = "closed";
  transport_->close();
  while (raw_ != nullptr && libssh2_session_free(raw_) == LIBSSH2_ERROR_EAGAIN) {
  }
  raw_ = nullptr;
}

std::string Session::failure() const {
  char* text = nullptr;
  libssh2_session_last_error(raw_, &text, nullptr, 0);
  return text == nullptr ? std::string() : std::string(text);
}

Awaitable<std::variant<LIBSSH2_CHANNEL*, ChannelRefused>> Session::open_channel(ChannelTarget target, StopToken& stop) {
  const auto self = shared_from_this();
  throw_if_lost();
  const auto opening = std::make_shared<Opening>(executor_, std::move(target));
  openings_.push_back(opening);
  if (!std::exchange(opening_, true)) asio::co_spawn(executor_, open_in_turn(self), asio::detached);
  while (!opening->finished && !lost_ && !stop.stopped()) co_await opening->done.wait(&stop);
  if (opening->finished) {
    if (auto** channel = std::get_if<LIBSSH2_CHANNEL*>(&opening->result); channel != nullptr && stop.stopped()) {
      dispose(*channel);
      throw_stopped();
    }
    co_return std::move(opening->result);
  }
  opening->unwanted = true;
  throw_if_lost();
  throw_stopped();
}

Awaitable<void> Session::open_in_turn(std::shared_ptr<Session> self) {
  while (!self->openings_.empty() && !self->lost_) {
    const auto opening = self->openings_.front();
    try {
      if (!opening->unwanted) co_await open_one(*self, *opening);
    } catch (const Error&) {
      break;  // lost: open_channel says so to everyone who waits
    }
    self->openings_.pop_front();
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
    self.numbers_[channel] = self.opened_number_;
    self.endings_[self.opened_number_] = {};
    opening.result = channel;
  } else {
    self.throw_if_lost();
    opening.result = ChannelRefused{self.failure()};
  }
}

void Session::dispose(LIBSSH2_CHANNEL* channel) {
  if (lost_) return;  // goes with the session
  if (const auto number = numbers_.find(channel); number != numbers_.end()) {
    endings_.erase(number->second);
    numbers_.erase(number);
  }
  const long answer = note(libssh2_channel_free(channel));
  if (answer == LIBSSH2_ERROR_EAGAIN) {
    asio::co_spawn(executor_, bury(shared_from_this(), channel), asio::detached);
    return;
  }
  --open_channels_;
  channel_closed_.wake_all();
}

Awaitable<void> Session::bury(std::shared_ptr<Session> self, LIBSSH2_CHANNEL* channel) {
  try {
    co_await self->repeat([channel]() -> long { return libssh2_channel_free(channel); });
  } catch (const Error&) {
    co_return;
  }
  --self->open_channels_;
  self->channel_closed_.wake_all();
}

}  // namespace opshost::ssh
