#include "bindings/zk/connection.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "bindings/zk/watches.hpp"
#include "host/log/log.hpp"

namespace opshost::zk {

namespace {

/// Answers taken in one turn of the loop: others want their turn too.
constexpr int kTurn = 256;
/// A turn of the loop that took longer: what came meanwhile is read to its end, since nobody knows how old it is.
constexpr Duration kStoodStill = 100ms;
/// Before the library is asked again after an error it has no date for.
constexpr Duration kAfterError = 20ms;
/// A session with a server without a quorum looks this often whether the next one has one.
constexpr Duration kSeekEvery = 10s;

// The library logs without saying whose line it is, so its calls say it first.
thread_local Connection* in_library = nullptr;

class InLibrary {
 public:
  explicit InLibrary(Connection* connection) : before_(std::exchange(in_library, connection)) {}
  ~InLibrary() { in_library = before_; }
  InLibrary(const InLibrary&) = delete;
  InLibrary& operator=(const InLibrary&) = delete;

 private:
  Connection* before_;
};

/// The library opens a socket only in zookeeper_interest; in these states it has none.
bool has_no_socket(int library_state) {
  return library_state == 0 || library_state == ZOO_NOTCONNECTED_STATE || library_state == ZOO_EXPIRED_SESSION_STATE ||
         library_state == ZOO_AUTH_FAILED_STATE;
}

int milliseconds(Duration duration) {
  return static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
}

bool is_empty(int descriptor) {
  char byte = 0;
  return recv(descriptor, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0;
}

/// The text between two marks; empty where they are not there.
std::string_view between(std::string_view text, std::string_view before, std::string_view after) {
  const auto begin = text.find(before);
  if (begin == std::string_view::npos) return {};
  text.remove_prefix(begin + before.size());
  const auto end = text.find(after);
  return end == std::string_view::npos ? std::string_view() : text.substr(0, end);
}

/// The library borrows error numbers for what is none of the operating system's.
std::string failure_text(std::string_view number, std::string_view words) {
  if (number == std::to_string(EHOSTDOWN)) return "closed the connection (a server without a quorum does)";
  if (number == std::to_string(ETIMEDOUT)) return "gave no answer";
  return std::string(words);
}

}  // namespace

Connection::Connection(asio::any_io_executor executor, Settings settings, std::function<void()> on_change)
    : executor_(std::move(executor)),
      settings_(std::move(settings)),
      on_change_(std::move(on_change)),
      watches_(std::make_unique<Watches>(executor_)),
      timer_(executor_) {}

Connection::~Connection() { close_session(); }

Connection::Handle Connection::open(const clientid_t* session) const {
  zoo_set_debug_level(ZOO_LOG_LEVEL_ERROR);
  const int flags = ZOO_NO_LOG_CLIENTENV | (settings_.read_only ? ZOO_READONLY : 0);
  Handle handle(zookeeper_init2(settings_.addresses.text.c_str(), on_event, milliseconds(settings_.session_timeout),
                                session, nullptr, flags, on_log));
  // Else it looks its servers up again before each wait.
  if (handle) zoo_set_servers_resolution_delay(handle.get(), -1);
  return handle;
}

void Connection::start() {
  handle_ = open(nullptr);
  if (!handle_) throw Error("zk.system", "the ZooKeeper library refused to begin: " + errno_text(errno));
  last_heard_ = Clock::now();
  refresh();
}

/// Where sending failed inside zoo_a..., the library has closed its socket but would send the rest of the half-sent
/// request on the next one. A new handle goes on with the same session; what was under way counts as lost.
void Connection::replace_handle() {
  const clientid_t session = *zoo_client_id(handle_.get());
  auto fresh = open(&session);
  if (!fresh) return;
  handle_ = std::move(fresh);  // closes the old one, which answers all it still has with ZCLOSING
  watches_->fire_all();
  logged_in_ = false;
  replaced_ = true;
  catch_up_.reset();
  wake_at(Clock::now());
}

// A new handle tells the server that it has seen nothing, so that one which lags behind what this session has read
// would let it in. It answers nothing before it has caught up.
void Connection::catch_up() {
  if (!replaced_) return;
  if (catch_up_ && catch_up_->done() && catch_up_->code == ZOK) {
    replaced_ = false;
    return;
  }
  catch_up_ = std::make_shared<Reply>(executor_);
  Reply::handed_over(catch_up_);
  const int code = zoo_async(handle_.get(), "/", Reply::on_string, catch_up_.get());
  if (code != ZOK) catch_up_->refused(code);
}

// Everything is polled from zoo_state after each call; the library insists on a function.
void Connection::on_event(zhandle_t* /*handle*/, int /*type*/, int /*state*/, const char* /*path*/, void* /*context*/) {
}

// Why a connection failed is only in its log lines: "... Socket 127.0.0.1:2181 zk retcode=-4, errno=111(Connection
// refused): server refused to accept the client".
void Connection::on_log(const char* message) {
  const std::string_view line(message);
  const auto server = between(line, "Socket ", " zk retcode");
  const auto error = between(line, "errno=", ")");
  if (in_library != nullptr && !server.empty() && !error.empty()) {
    const auto number = error.substr(0, error.find('('));
    const auto words = error.substr(std::min(number.size() + 1, error.size()));
    in_library->failures_[std::string(server)] = failure_text(number, words);
  }
  log(Level::debug, "zookeeper: " + std::string(line));
}

std::string Connection::failures() const {
  std::string text;
  const auto& addresses = settings_.addresses;
  for (const auto& [address, failure] : failures_) {
    text += (text.empty() ? "" : "; ") + addresses.server_at(address) + ": " + addresses.failure_at(address, failure);
  }
  return text;
}

std::int64_t Connection::session_id() const { return handle_ ? zoo_client_id(handle_.get())->client_id : 0; }

Duration Connection::session_timeout() const {
  if (!was_connected_ || !handle_) return settings_.session_timeout;
  return std::chrono::milliseconds(zoo_recv_timeout(handle_.get()));
}

// Requests of one turn leave together, and each in one piece: the library writes a request's length by itself.
void Connection::gather() {
  if (!socket_ || socket_->corked) return;
  constexpr int kOn = 1;
  setsockopt(socket_->stream.native_handle(), IPPROTO_TCP, TCP_CORK, &kOn, sizeof(kOn));
  socket_->corked = true;
  asio::post(executor_, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->flush();
  });
}

void Connection::flush() {
  if (socket_ && socket_->corked) {
    constexpr int kOff = 0;
    setsockopt(socket_->stream.native_handle(), IPPROTO_TCP, TCP_CORK, &kOff, sizeof(kOff));
    socket_->corked = false;
  }
  refresh();
}

void Connection::heard() {
  last_heard_ = Clock::now();
  if (state_ == State::connected) last_served_ = std::max(last_served_, looked_at_);
}

void Connection::process(int events) {
  const bool stood_still = Clock::now() - looked_at_ > kStoodStill;
  const InLibrary calls(this);
  if (state_ == State::read_only) events |= ZOOKEEPER_WRITE;  // nobody waits for that then: see stay_read_only
  int code = ZOK;
  // Where no more answers are due, nothing is likely to be there; if it is, it makes the socket ready once more.
  const auto more_due = [&] { return stood_still || Reply::under_way() > 0; };
  for (int answers = 0; code == ZOK && answers < kTurn && (answers == 0 || more_due()); ++answers) {
    code = zookeeper_process(handle_.get(), events);
    events = ZOOKEEPER_READ;
    if (code == ZOK) heard();
  }
  behind_ = stood_still && code == ZOK;
  after_library();
  // Refused at once, the library would try again at once, for ever.
  if (code != ZOK && code != ZNOTHING && !socket_) return wake_at(Clock::now() + kAfterError);
  refresh();
}

// Asked in this state, the library would look for a server with a quorum by itself, and wait seconds for each that is
// silent. Its part is done here: staying alive, noticing that the server is gone, and trying the next.
void Connection::stay_read_only() {
  const auto now = Clock::now();
  const auto timeout = session_timeout();
  if (now >= leave_read_only_at_ || now >= last_heard_ + timeout * 2 / 3) {
    leave_read_only_at_ = kNoDeadline;
    shutdown(socket_->stream.native_handle(), SHUT_RDWR);
  } else if (now >= keep_alive_at_) {
    keep_alive_at_ = now + timeout / 3;
    const auto reply = std::make_shared<Reply>(executor_);
    send(reply, [&](zhandle_t* handle) { return zoo_aexists(handle, "/", 0, Reply::on_stat, reply.get()); });
    if (!socket_) return;
  }
  wait_readable();
  wake_at(std::min({now + timeout / 6, keep_alive_at_, leave_read_only_at_}));
}

void Connection::refresh() {
  const auto now = Clock::now();
  // This moment counts only where nothing is left that came before it.
  const auto nothing_waits = [this] { return !socket_ || is_empty(socket_->stream.native_handle()); };
  if (!behind_ && (now - looked_at_ <= kStoodStill || nothing_waits())) looked_at_ = now;
  if (!handle_ || ended()) return;
  if (socket_ && zoo_state(handle_.get()) == ZOO_READONLY_STATE) return stay_read_only();
  int descriptor = -1;
  int interest = 0;
  timeval wait{};
  int code = ZOK;
  {
    const InLibrary calls(this);
    code = zookeeper_interest(handle_.get(), &descriptor, &interest, &wait);
  }
  if (code != ZOK) socket_.reset();
  after_library();
  if (ended()) return;
  if (code != ZOK) return wake_at(Clock::now() + kAfterError);
  if (!has_no_socket(zoo_state(handle_.get()))) follow_socket(descriptor, interest);
  const auto at = Clock::now() + std::chrono::seconds(wait.tv_sec) + std::chrono::microseconds(wait.tv_usec);
  wake_at(std::min(at, attempt_ends_));
}

void Connection::follow_socket(int descriptor, int interest) {
  if (!socket_) {
    const int duplicate = fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
    if (duplicate < 0) return wake_at(Clock::now() + kAfterError);
    socket_ = std::make_shared<Socket>(executor_, duplicate);
    server_ = zoo_get_current_server(handle_.get());
    attempt_ends_ = Clock::now() + settings_.attempt_timeout;
  }
  if ((interest & ZOOKEEPER_READ) != 0) wait_readable();
  if ((interest & ZOOKEEPER_WRITE) != 0) wait_writable();
}

void Connection::wait_readable() {
  if (std::exchange(socket_->reading, true)) return;
  socket_->stream.async_wait(asio::posix::stream_descriptor::wait_read,
                             [weak = weak_from_this(), socket = std::weak_ptr(socket_)](const auto& failure) {
                               if (const auto self = weak.lock())
                                 self->ready(socket, &Socket::reading, ZOOKEEPER_READ, failure);
                             });
}

void Connection::wait_writable() {
  if (std::exchange(socket_->writing, true)) return;
  socket_->stream.async_wait(asio::posix::stream_descriptor::wait_write,
                             [weak = weak_from_this(), socket = std::weak_ptr(socket_)](const auto& failure) {
                               if (const auto self = weak.lock())
                                 self->ready(socket, &Socket::writing, ZOOKEEPER_WRITE, failure);
                             });
}

// What became ready may be a socket the library has closed since.
void Connection::ready(const std::weak_ptr<Socket>& socket, bool Socket::* waiting, int events,
                       const boost::system::error_code& failure) {
  const auto watched = socket.lock();
  if (failure || !watched || watched != socket_) return;
  (*watched).*waiting = false;
  process(events);
}

// Left where it is when the new date is later: it then asks the library again, which costs less than moving it with
// every answer.
void Connection::wake_at(TimePoint at) {
  if (at >= timer_at_) return;
  timer_at_ = at;
  timer_.expires_at(at);
  timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& cancelled) {
    if (const auto self = weak.lock(); self && !cancelled) self->timer_fired();
  });
}

void Connection::timer_fired() {
  timer_at_ = kNoDeadline;
  if (Clock::now() >= attempt_ends_) give_up_attempt();
  refresh();
}

// The library itself would wait for two thirds of the session timeout. Its socket then reports an error, and it goes on
// to the next server.
void Connection::give_up_attempt() {
  attempt_ends_ = kNoDeadline;
  if (!socket_ || usable()) return;
  failures_[server_] = "gave no answer within " + humanize_duration(settings_.attempt_timeout);
  shutdown(socket_->stream.native_handle(), SHUT_RDWR);
}

void Connection::after_library() {
  const bool sending_failed = socket_ && zoo_state(handle_.get()) == ZOO_NOTCONNECTED_STATE;
  if (has_no_socket(zoo_state(handle_.get()))) socket_.reset();
  if (sending_failed) replace_handle();
  update_state();
}

void Connection::update_state() {
  const int library_state = zoo_state(handle_.get());
  State now = was_connected_ ? State::suspended : State::connecting;
  if (library_state == ZOO_CONNECTED_STATE) now = State::connected;
  if (library_state == ZOO_READONLY_STATE) now = State::read_only;
  if (library_state == ZOO_EXPIRED_SESSION_STATE) now = State::expired;
  if (library_state == ZOO_AUTH_FAILED_STATE) now = State::auth_failed;
  if (now == state_) return;
  state_ = now;
  if (now == State::read_only) leave_read_only_at_ = Clock::now() + kSeekEvery;
  if (usable()) connected();
  if (ended()) watches_->orphan_all();
  if (std::exchange(change_unsaid_, true)) return;
  asio::post(executor_, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    self->change_unsaid_ = false;
    self->on_change_();
  });
}

void Connection::connected() {
  attempt_ends_ = kNoDeadline;
  failures_.clear();
  was_connected_ = true;
  ++connections_;
  if (state_ == State::connected) last_served_ = std::max(last_served_, looked_at_);
  const auto& login = settings_.digest_login;
  if (!std::exchange(logged_in_, true) && !login.empty())
    zoo_add_auth(handle_.get(), "digest", login.data(), static_cast<int>(login.size()), nullptr, nullptr);
  catch_up();
}

bool Connection::unsent() {
  int descriptor = -1;
  int interest = 0;
  timeval wait{};
  return zookeeper_interest(handle_.get(), &descriptor, &interest, &wait) != ZOK || (interest & ZOOKEEPER_WRITE) != 0;
}

// zookeeper_close would wait up to 4.5 s for the server. The request to end the session is written here instead, and
// the connection shut before the library can wait for anything.
void Connection::close_session() {
  if (!handle_) return;
  const InLibrary calls(nullptr);
  if (socket_ && usable() && !unsent()) {
    struct {
      std::uint32_t length = htonl(8);
      std::uint32_t request = htonl(1);
      std::uint32_t operation = htonl(static_cast<std::uint32_t>(ZOO_CLOSE_OP));
    } const frame;
    [[maybe_unused]] const auto written =
        ::send(socket_->stream.native_handle(), &frame, sizeof(frame), MSG_NOSIGNAL | MSG_DONTWAIT);
  }
  if (socket_) shutdown(socket_->stream.native_handle(), SHUT_RDWR);
  handle_.reset();
  socket_.reset();
}

}  // namespace opshost::zk
