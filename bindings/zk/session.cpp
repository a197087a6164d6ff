#include "bindings/zk/session.hpp"

#include <algorithm>
#include <map>

#include "bindings/zk/addresses.hpp"
#include "bindings/zk/path.hpp"

namespace opshost::zk {

namespace {

std::string checked_chroot(std::string chroot) {
  if (chroot.empty() || chroot == "/") return {};
  check_path(chroot);
  return chroot;
}

std::string target_of(const std::vector<HostPort>& servers, const ConnectOptions& options) {
  std::string text;
  for (const auto& server : servers) text += (text.empty() ? "" : ",") + text_of(server);
  text += options.chroot;
  return options.via ? text + " via " + (*options.via)->name() : text;
}

void check_timeout(const char* name, Duration timeout) {
  using namespace std::chrono_literals;
  if (timeout < 1ms || timeout > 24h)
    throw Error("usage.argument", std::string(name) + " is " + format_duration(timeout) + "; give 1ms to 24h");
}

/// Servers take what is before the first ":" as the name.
void check_login(const DigestAuth& auth) {
  const auto is_odd = [](unsigned char c) { return c == ':' || c < ' ' || c == 0x7f; };
  if (!auth.user.empty() && std::none_of(auth.user.begin(), auth.user.end(), is_odd)) return;
  throw Error("usage.argument", "auth.user is " + describe(Value(auth.user)) +
                                    "; a name has at least one character, no \":\" and no control character");
}

/// Equal for handles that may share a session, if they go the same way.
std::string key_of(const ConnectOptions& options, const std::string& target) {
  std::string key = target + '\n' + std::to_string(options.session_timeout.count()) + '\n' +
                    std::to_string(options.connect_timeout.count()) + '\n' + std::to_string(options.max_request.bytes) +
                    (options.read_only ? "\nread-only\n" : "\n\n");
  if (options.auth) key += options.auth->user + '\n' + options.auth->password.reveal();
  return key;
}

}  // namespace

Session::Session(ConnectOptions options) : options_(std::move(options)), servers_(parse_hosts(options_.hosts)) {
  options_.chroot = checked_chroot(std::move(options_.chroot));
  check_timeout("session_timeout", options_.session_timeout);
  check_timeout("connect_timeout", options_.connect_timeout);
  if (options_.auth) check_login(*options_.auth);
  target_ = target_of(servers_, options_);
}

std::shared_ptr<Session> Session::shared(const ConnectOptions& options) {
  static std::map<std::pair<const void*, std::string>, std::weak_ptr<Session>> in_use;
  auto session = std::make_shared<Session>(options);
  if (options.fresh) return session;
  std::erase_if(in_use, [](const auto& entry) { return entry.second.expired(); });
  auto& known = in_use[{net::way_of(options.via), key_of(session->options(), session->target())}];
  if (const auto shared = known.lock()) return shared;
  known = session;
  return session;
}

SessionState Session::state() const {
  if (lost_) return SessionState::lost;
  if (!connection_) return looking_up_ ? SessionState::connecting : SessionState::idle;
  switch (connection_->state()) {
    case Connection::State::connected:
      return SessionState::connected;
    case Connection::State::read_only:
      return SessionState::read_only;
    case Connection::State::suspended:
      return SessionState::suspended;
    case Connection::State::expired:
    case Connection::State::auth_failed:
      return SessionState::lost;
    case Connection::State::connecting:
      break;
  }
  return SessionState::connecting;
}

SessionInfo Session::info() const {
  SessionInfo info;
  info.state = state();
  if (!connection_) return info;
  if (connection_->session_id() != 0) info.id = id_text(connection_->session_id());
  info.session_timeout = connection_->session_timeout();
  info.server = connection_->server();
  info.silence = Clock::now() - connection_->last_heard();
  return info;
}

// Why a server is not there, for messages.
std::string Session::seen() const {
  if (!connection_) return "looking up the names of " + target_;
  auto failures = connection_->failures();
  if (!failures.empty()) return failures;
  return connection_->server().empty() ? "no server was tried yet" : "waiting for " + connection_->server();
}

Error Session::lost_error(const Connection& connection) const {
  if (connection.state() == Connection::State::auth_failed)
    return Error("zk.auth_failed", "the servers refused our login").on(target_);
  return Error("zk.session_expired",
               "the servers ended our session " + id_text(connection.session_id()) +
                   ": they had not heard from us for " + humanize_duration(connection.session_timeout()) +
                   ", or it was closed; its ephemeral nodes and locks are gone. The next call begins a new session")
      .on(target_);
}

void Session::judge_lost(Call& call, const Connection& connection, const Reply& reply, const Asked& asked,
                         Repeat repeat) {
  const bool in_doubt = repeat == Repeat::never && reply.sent();
  const auto doubt = text_of(asked) + " may or may not have happened; look before you repeat it";
  if (call.stop().stopped()) {
    const auto wait = reply.done() ? seen() : "waiting for the answer of " + connection.server();
    call.saw(in_doubt ? wait + "; " + doubt : wait);
    throw Error("cancelled", "stopped while " + text_of(asked) + " was under way").on(target_).maybe_applied(in_doubt);
  }
  if (connection.ended()) {
    const auto ended = lost_error(connection);
    if (!in_doubt) throw Error(ended);
    throw Error(ended.code(), ended.message() + ". " + doubt).on(target_).maybe_applied();
  }
  if (reply.code == ZSESSIONMOVED || !in_doubt) return;
  throw Error("zk.connection_lost",
              "the connection to " + connection.server() + " was lost before the answer came: " + doubt)
      .on(target_)
      .retryable()
      .maybe_applied();
}

void Session::changed() {
  if (connection_ && connection_->ended()) lost_ = true;
  if (connection_ && connection_->usable()) opening_until_.reset();
  if (change_) change_->cancel();
}

Awaitable<void> Session::wait_for_change(Call& call, TimePoint until) {
  asio::steady_timer expiry(call.executor(), until);
  if (!change_) change_ = std::make_unique<asio::steady_timer>(call.executor(), TimePoint::max());
  expiry.async_wait([this, self = shared_from_this()](const boost::system::error_code& cancelled) {
    if (!cancelled) change_->cancel();
  });
  const auto reaction = call.stop().on_stop([this] { change_->cancel(); });
  boost::system::error_code ignored;
  co_await change_->async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

void Session::begin(const asio::any_io_executor& executor, Addresses addresses) {
  const auto attempts = static_cast<Duration::rep>(1 + std::count(addresses.text.begin(), addresses.text.end(), ','));
  Connection::Settings settings;
  settings.addresses = std::move(addresses);
  settings.session_timeout = options_.session_timeout;
  settings.attempt_timeout = std::max<Duration>(options_.connect_timeout / (attempts + 1), std::chrono::seconds(1));
  settings.read_only = options_.read_only;
  if (options_.auth) settings.digest_login = options_.auth->user + ':' + options_.auth->password.reveal();
  connection_ = std::make_shared<Connection>(executor, std::move(settings), [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->changed();
  });
  connection_->start();
}

void Session::fail_attempt(Error failure) {
  failed_attempt_ = attempt_;
  failure_ = std::move(failure);
  connection_.reset();
  opening_until_.reset();
  if (change_) change_->cancel();
}

// One of the calls that need it looks the names up; if that one is stopped, the next does.
Awaitable<void> Session::open(Call& call) {
  struct LookUp {
    explicit LookUp(Session& session) : session(session) { session.looking_up_ = true; }
    ~LookUp() {
      session.looking_up_ = false;
      session.changed();
    }
    LookUp(const LookUp&) = delete;
    LookUp& operator=(const LookUp&) = delete;
    Session& session;
  } const look_up(*this);
  ++attempt_;
  lost_ = false;
  opening_until_ = Clock::now() + options_.connect_timeout;
  try {
    Addresses addresses;
    if (options_.via) {
      addresses = endpoints_for(call, servers_, *options_.via, options_.connect_timeout);
    } else {
      addresses = co_await resolve_servers(call, servers_);
    }
    begin(call.executor(), std::move(addresses));
  } catch (const Error& error) {
    if (!call.stop().stopped()) fail_attempt(Error(error).on(target_));
    throw;
  }
}

Awaitable<void> Session::until_usable(Call& call, TimePoint give_up) {
  const auto self = shared_from_this();
  if (connection_ && connection_->ended()) connection_.reset();  // whoever waited for it was told
  // Who waited for the first connection was stopped before its time: it gets another.
  if (connection_ && opening_until_ && Clock::now() >= *opening_until_)
    opening_until_ = Clock::now() + options_.connect_timeout;
  while (!usable()) {
    if (!connection_ && !looking_up_) {
      co_await open(call);
      continue;
    }
    const auto attempt = attempt_;
    const auto connection = connection_;
    call.saw(seen());
    co_await wait_for_change(call, opening_until_.value_or(give_up));
    if (attempt == failed_attempt_) {
      const Error failure = *failure_;
      throw failure;
    }
    call.saw(seen());
    if (call.stop().stopped()) throw Error("cancelled", "stopped before a server was there").on(target_);
    if (connection && connection->ended()) throw lost_error(*connection);
    if (!opening_until_ && !usable() && Clock::now() >= give_up) {
      throw Error("zk.unreachable", "no server has let us in again: " + seen()).on(target_).retryable();
    }
    if (opening_until_ && Clock::now() >= *opening_until_ && !usable()) {
      fail_attempt(Error("zk.unreachable", "no server let us in within " + format_duration(options_.connect_timeout) +
                                               ": " + seen() +
                                               ". Check the addresses, and whether the servers have a quorum")
                       .on(target_)
                       .retryable());
      const Error failure = *failure_;
      throw failure;
    }
  }
}

Awaitable<void> Session::until_news(Call& call, std::shared_ptr<Watch> watch) {
  if (!change_) change_ = std::make_unique<asio::steady_timer>(call.executor(), TimePoint::max());
  const auto self = shared_from_this();
  watch->on_fire([weak = weak_from_this()] {
    if (const auto session = weak.lock(); session && session->change_) session->change_->cancel();
  });
  if (watch->fired() || watch->orphaned()) co_return;
  co_await wait_for_change(call, kNoDeadline);
}

}  // namespace opshost::zk
