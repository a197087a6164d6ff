#include "bindings/ssh/session.hpp"

#include <malloc.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <new>
#include <utility>

#include "bindings/ssh/wire.hpp"
#include "host/base/error.hpp"
#include "host/base/time.hpp"

namespace opshost::ssh {

namespace {

/// Of one flooding session before the loop looks at the others: about a millisecond of decryption.
constexpr std::size_t kMostATurn = 128U * 1024U;

constexpr std::size_t kFirstBytes = 256;
constexpr int kMostUnanswered = 3;
/// For what is asked after a long silence.
constexpr Duration kMostDoubt = std::chrono::seconds(5);

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

}  // namespace

Session::Session(const asio::any_io_executor& executor, std::shared_ptr<Transport> transport)
    : executor_(executor),
      transport_(std::move(transport)),
      stand_in_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      waiting_(executor),
      channel_closed_(executor),
      patience_(executor) {
  initialize_library();
  raw_ = libssh2_session_init_ex(&Session::allocate, &Session::release, &Session::reallocate, this);
  if (raw_ == nullptr) throw std::bad_alloc();
  libssh2_session_set_blocking(raw_, 0);
  set_callback(raw_, LIBSSH2_CALLBACK_RECV, &Session::receive_callback);
  set_callback(raw_, LIBSSH2_CALLBACK_SEND, &Session::send_callback);
  set_callback(raw_, LIBSSH2_CALLBACK_DISCONNECT, &Session::disconnect_callback);
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
  const auto ending = number == numbers_.end() ? endings_.end() : endings_.find(number->second.ours);
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

void Session::disconnect_callback(LIBSSH2_SESSION*, int, const char* words, int size, const char*, int, void** self) {
  if (words != nullptr && size > 0) {
    static_cast<Session*>(*self)->last_words_.assign(words, static_cast<std::size_t>(size));
  }
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
    heard_ = Clock::now();
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
  alive_every_ = every;
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
  if (!waiting_.empty()) ask_for_life();
  keep_alive(every);
}

void Session::ask_for_life() {
  int unused = 0;
  libssh2_keepalive_config(raw_, 1, 1);
  note(libssh2_keepalive_send(raw_, &unused));
}

// A firewall between us forgets a silent connection and drops what is sent over it.
void Session::doubt_silence() {
  const bool asks = alive_every_ > Duration::zero() && !lost_ && !doubt_;
  if (!asks || !waiting_.empty() || Clock::now() - heard_ < 2 * alive_every_) return;
  ask_for_life();
  if (lost_) return;
  const Duration patience = std::min<Duration>(alive_every_, kMostDoubt);
  received_before_doubt_ = received_;
  doubt_.emplace(executor_, patience);
  doubt_->async_wait([weak = weak_from_this(), patience](const boost::system::error_code& cancelled) {
    const auto self = weak.lock();
    if (!self || cancelled) return;
    const bool silent = self->is_doubted();
    self->doubt_.reset();
    if (silent) self->lose("no sign of life for " + humanize_duration(patience));
  });
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
  doubt_.reset();
  patience_.cancel();
  ++input_;
  spread_input();
  channel_closed_.wake_all();
  wake_openings();
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
  abandon_openings();
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

}  // namespace opshost::ssh
