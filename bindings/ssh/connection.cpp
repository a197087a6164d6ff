#include "bindings/ssh/connection.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "bindings/net/background_call.hpp"
#include "bindings/ssh/host.hpp"
#include "bindings/ssh/pause.hpp"
#include "bindings/ssh/sftp_client.hpp"
#include "bindings/ssh/shorter_call.hpp"
#include "host/base/descriptor_limit.hpp"
#include "host/fiber/blocking.hpp"

namespace opshost::ssh {

namespace {

/// sshd frees a session's place (MaxSessions) a little after it closed the channel, and tells nobody: a refusal while
/// no channel is open is asked again for 2 s.
constexpr int kRefusals = 40;
constexpr Duration kRefusalPause = std::chrono::milliseconds(50);
/// A server may have refused a channel for a while only (no processes, no memory).
constexpr Duration kLimitBelieved = std::chrono::seconds(30);

}  // namespace

/// The connections of one loop. Ends with it.
class Registry final : public asio::execution_context::service {
 public:
  // Boost 1.74 finds a service by this.
  static inline asio::execution_context::id id;  // NOLINT(readability-identifier-naming)

  explicit Registry(asio::execution_context& context) : asio::execution_context::service(context) {
    raise_descriptor_limit();  // a connection has two
  }

  static Registry& of(const asio::any_io_executor& executor) {
    return asio::use_service<Registry>(asio::query(executor, asio::execution::context));
  }

  std::shared_ptr<Connection> find(const std::function<bool(const Connection&)>& wanted) {
    std::erase_if(connections_, [](const auto& held) { return held.expired(); });
    for (const auto& held : connections_) {
      if (auto connection = held.lock(); connection && wanted(*connection)) return connection;
    }
    return nullptr;
  }
  void add(const std::shared_ptr<Connection>& connection) { connections_.push_back(connection); }
  [[nodiscard]] const std::shared_ptr<LocalFiles>& files() const { return files_; }

 private:
  void shutdown() override {
    for (const auto& held : std::exchange(connections_, {})) {
      if (const auto connection = held.lock()) connection->abandon();
    }
  }

  std::vector<std::weak_ptr<Connection>> connections_;
  std::shared_ptr<LocalFiles> files_ = std::make_shared<LocalFiles>();
};

struct Connection::Opening {
  explicit Opening(Call& begun_by) : call(begun_by), done(begun_by.executor()) {}

  net::BackgroundCall call;
  Progress progress;
  std::shared_ptr<Session> session;
  std::optional<Error> error;
  bool finished = false;
  WaitList done;
};

std::shared_ptr<Connection> Connection::shared(const asio::any_io_executor& executor, const ConnectOptions& options) {
  check_settings(options);
  Registry& registry = Registry::of(executor);
  const auto is_same = [&options](const Connection& held) { return same_settings(held.options(), options); };
  if (auto known = registry.find(is_same)) return known;
  auto made = std::make_shared<Connection>(executor, options, registry.files());
  registry.add(made);
  return made;
}

std::shared_ptr<Connection> Connection::find(const asio::any_io_executor& executor,
                                             const std::function<bool(const Connection&)>& wanted) {
  return Registry::of(executor).find(wanted);
}

Connection::Connection(asio::any_io_executor executor, ConnectOptions options, std::shared_ptr<LocalFiles> files)
    : executor_(std::move(executor)), options_(std::move(options)), files_(std::move(files)) {
  name_ = asked_name();
}

std::string Connection::asked_name() const { return ssh::asked_name(options_); }

Connection::~Connection() {
  if (session_) session_->close();
}

std::string Connection::name() const { return name_; }

std::optional<std::string> Connection::via_name() const {
  if (!options_.via) return std::nullopt;
  const auto* host = dynamic_cast<const Host*>(options_.via->get());
  return host != nullptr && host->connection() ? host->connection()->asked_name() : (*options_.via)->name();
}

std::shared_ptr<Connection> Connection::second() const {
  return std::make_shared<Connection>(executor_, options_, files_);
}

void Connection::close() {
  if (opening_) opening_->call.stop().stop(StopReason::cancelled);
  sftp.reset();
  for (const auto& detour : std::exchange(detours_, {})) {
    if (detour) detour->close();
  }
  if (const auto session = std::exchange(session_, nullptr)) session->close();
}

void Connection::abandon() {
  sftp.reset();
  for (const auto& detour : std::exchange(detours_, {})) {
    if (detour) detour->abandon();
  }
  if (opening_) opening_->done.abandon();
  if (const auto session = std::exchange(session_, nullptr)) session->abandon();
}

Awaitable<std::shared_ptr<Session>> Connection::session(Call& call) {
  const auto self = shared_from_this();
  if (session_) session_->doubt_silence();
  if (session_ && !session_->is_lost()) co_return session_;
  session_.reset();
  most_channels_.reset();
  if (!opening_) begin_opening(call);
  const auto opening = opening_;
  while (!opening->finished && !call.stop().stopped()) {
    call.saw("connecting to " + name_);
    co_await opening->done.wait(&call.stop());
  }
  if (!opening->finished) {
    call.saw(name_ + ": still at " + stage_name(opening->progress.stage));
    Session::throw_stopped();
  }
  call.saw("");
  if (opening->error) throw Error(*opening->error);
  co_return opening->session;
}

void Connection::begin_opening(Call& call) {
  opening_ = std::make_shared<Opening>(call);
  asio::co_spawn(executor_, open(shared_from_this(), opening_), asio::detached);
}

Awaitable<void> Connection::open(std::shared_ptr<Connection> self, std::shared_ptr<Opening> opening) {
  try {
    opening->session = co_await open_session(*self, *opening);
    self->session_ = opening->session;
  } catch (const Error& error) {
    opening->error = error;
  } catch (const std::exception& error) {
    opening->error = opening->progress.failure("ssh.system", error.what());
  }
  const bool late = opening->error && opening->call.stop().reason() == StopReason::timeout;
  if (late && opening->progress.stage == Stage::config) {
    const Duration time = self->options_.connect_timeout.value_or(kConnectTimeout);
    opening->error = Error("ssh.config", self->name_ +
                                             ": config: ssh_config, known hosts and keys of this machine could "
                                             "not be read within " +
                                             humanize_duration(time) + " (connect_timeout)")
                         .on(self->name_)
                         .retryable();
  } else if (late) {
    opening->error = opening->progress
                         .failure("ssh.unreachable", "no answer within " +
                                                         humanize_duration(opening->progress.plan.connect_timeout) +
                                                         " (connect_timeout)")
                         .retryable();
  }
  opening->finished = true;
  self->opening_.reset();
  opening->done.wake_all();
}

Awaitable<std::shared_ptr<Session>> Connection::open_session(Connection& self, Opening& opening) {
  Call& call = opening.call;
  opening.call.stop_after(self.options_.connect_timeout.value_or(kConnectTimeout), self.opening_);
  auto way = co_await self.way(call);
  opening.progress.plan = std::move(way.plan);
  const Plan& plan = opening.progress.plan;
  opening.call.stop_after(plan.connect_timeout, self.opening_);
  auto session = co_await shake_hands(call, self.options_, std::move(way.route), opening.progress);
  co_await authenticate(call, self.options_, *session, opening.progress);
  session->keep_alive(plan.keepalive);
  co_return session;
}

Awaitable<Connection::Way> Connection::way(Call& call) {
  const auto self = shared_from_this();
  auto read_files = [files = files_, options = options_] { return files->plan_for(options); };
  Way way;
  way.plan = co_await call.blocking().run_file_work(call, std::move(read_files));
  name_ = way.plan.name();
  way.route = route_for(way.plan);
  co_return way;
}

void Connection::throw_if_reached_through(const Connection& hop) const {
  if (&hop != this && !is_jump_for(hop)) return;
  throw Error("ssh.config", name_ + ": config: ssh_config reaches it through " + hop.asked_name() +
                                ", which is reached through itself (ProxyJump): say `ProxyJump none` for that host")
      .on(name_);
}

bool Connection::is_jump_for(const Connection& other) const {
  return std::any_of(jump_for_.begin(), jump_for_.end(), [&other](const std::weak_ptr<Connection>& held) {
    const auto behind = held.lock();
    return behind && (behind.get() == &other || behind->is_jump_for(other));
  });
}

std::shared_ptr<net::Route> Connection::route_for(const Plan& plan) {
  std::shared_ptr<net::Route> route = net::route_of(options_.via);
  for (const JumpHop& hop : plan.jumps) {
    ConnectOptions jump;
    jump.host = hop.host;
    jump.port = hop.port;
    jump.user = hop.user;
    if (route != net::direct_route()) jump.via = route;
    jump.host_key = options_.host_key.starts_with("SHA256:") ? kStrict : options_.host_key;
    jump.known_hosts = options_.known_hosts;
    const auto next = shared(executor_, jump);
    throw_if_reached_through(*next);
    std::erase_if(next->jump_for_, [](const auto& held) { return held.expired(); });
    next->jump_for_.push_back(weak_from_this());
    route = std::make_shared<Host>(next);
  }
  return route;
}

bool Connection::is_at_limit(const Session& session) {
  if (most_channels_ && Clock::now() >= most_until_) most_channels_.reset();
  return most_channels_ && session.open_sessions() >= *most_channels_;
}

bool Connection::drop_idle_sftp() {
  if (!sftp || sftp.use_count() > 1) return false;
  sftp.reset();
  return true;
}

Awaitable<void> Connection::until_channel_closed(Call& call, std::shared_ptr<Session> session, bool waits) {
  const bool closing = drop_idle_sftp();
  if (!waits && !closing) {
    throw channel_error("all " + std::to_string(session->open_sessions()) + " that it lets be open are in use");
  }
  if (closing && !is_at_limit(*session)) co_return;
  call.saw("the server lets " + std::to_string(session->open_sessions()) + " channels be open at once, all are in use");
  if (sftp) {
    // In use now, and idle later without a word.
    co_await pause(call, kRefusalPause);
    co_return;
  }
  // The server may let more be open again, with none of ours closed.
  const ShorterCall until(call, most_until_ - Clock::now());
  co_await session->channel_closed().wait(&until.call().stop());
  if (call.stop().stopped()) Session::throw_stopped();
}

std::shared_ptr<Connection> Connection::detour() {
  auto& detour = detours_.at(next_detour_++ % detours_.size());
  if (!detour) detour = second();
  return detour;
}

bool Connection::is_idle() const {
  return !opening_ && (!session_ || session_->is_lost() || session_->is_idle()) &&
         std::none_of(detours_.begin(), detours_.end(), [](const auto& detour) { return detour != nullptr; });
}

void Connection::drop_idle_detours() {
  for (auto& detour : detours_) {
    if (!detour) continue;
    detour->drop_idle_detours();
    if (detour.use_count() == 1 && detour->is_idle()) detour.reset();
  }
}

Awaitable<Channel> Connection::open_channel_to(Call& call, ChannelTarget target, bool waits) {
  bool reopened = false;
  int refusals = 0;
  for (;;) {
    auto session = co_await this->session(call);
    const bool is_command = target.is_session();
    if (is_command && is_at_limit(*session)) {
      co_await until_channel_closed(call, session, waits);
      continue;
    }
    std::optional<Error> lost;
    OpenedChannel opened;
    try {
      opened = co_await session->open_channel(target, call.stop());
    } catch (const Error& error) {
      if (call.stop().stopped()) call.saw(name_ + ": channel: the host had not answered");
      if (error.code() != "ssh.lost") throw;
      lost = error;
    }
    if (lost) {
      if (std::exchange(reopened, true)) {
        throw Error("ssh.lost", name_ + ": channel: " + lost->message()).on(name_).retryable();
      }
      continue;
    }
    if (auto** raw = std::get_if<LIBSSH2_CHANNEL*>(&opened)) {
      drop_idle_detours();
      co_return Channel(session, *raw);
    }
    if (std::holds_alternative<ChannelBusy>(opened)) {
      const auto other = detour();
      Channel channel = co_await other->open_channel_to(call, target, waits);
      co_return channel;
    }
    const std::string why = std::get<ChannelRefused>(opened).why;
    if (is_command && session->open_sessions() > 0) {
      most_channels_ = session->open_sessions();
      most_until_ = Clock::now() + kLimitBelieved;
    } else if (is_command && refusals++ < kRefusals) {
      co_await pause(call, kRefusalPause);
    } else {
      throw channel_error(why);
    }
  }
}

Error Connection::channel_error(const std::string& why) const {
  return Error("ssh.channel", name_ + ": channel: the server opens none: " + why).on(name_);
}

}  // namespace opshost::ssh
