#include "bindings/mysql/pool.hpp"

#include <algorithm>

namespace opshost::mysql {

namespace {

using namespace std::chrono_literals;

/// The host waits 5 s for a call that was told to stop.
constexpr Duration kKillTime = 2s;
constexpr Duration kCutAfter = 3s;

/// Blocking. On a connection of its own, since the one that works is busy.
void kill_query(Settings settings, const Way& way, std::uint64_t id) {
  settings.connect_timeout = kKillTime;
  const auto second = Link::open(settings, way);
  second->run("KILL QUERY " + std::to_string(id));
}

}  // namespace

Lease::Lease(std::shared_ptr<Link> link, std::shared_ptr<Pool> pool, bool goes_back)
    : held_(std::make_shared<Held>(std::move(link), std::move(pool), goes_back)) {}

Lease::Held::~Held() {
  if (goes_back) pool->give_back(std::move(link));
}

std::shared_ptr<Link> Pool::take_free(Access access) {
  while (!free_.empty()) {
    // One of the other kind is taken last: changing a session costs a round trip.
    const auto same =
        std::find_if(free_.rbegin(), free_.rend(), [access](const auto& link) { return link->access() == access; });
    const auto taken = same == free_.rend() ? std::prev(free_.end()) : std::prev(same.base());
    auto link = std::move(*taken);
    free_.erase(taken);
    if (link->is_usable()) return link;
  }
  return nullptr;
}

Awaitable<std::shared_ptr<Link>> Pool::open_link(Call& call) {
  const auto self = shared_from_this();
  std::optional<Error> failed;
  try {
    const auto way = co_await ways_.find(call, settings_);
    auto open = [settings = settings_, way] { return Link::open(settings, way); };
    auto link = co_await call.blocking().run(call, std::move(open));
    co_return link;
  } catch (const Error& error) {
    failed = ways_.explained(error);
  }
  throw Error(*failed);
}

Awaitable<Lease> Pool::open_own(Call& call) {
  auto link = co_await open_link(call);
  co_return Lease(std::move(link), shared_from_this(), false);
}

Awaitable<Lease> Pool::acquire(Call& call, Access access) {
  auto link = take_free(access);
  if (!link) link = co_await open_link(call);
  Lease lease(std::move(link), shared_from_this(), true);
  if (lease->access() != access) co_await on_link(call, lease, [access](Link& opened) { opened.set_access(access); });
  co_return lease;
}

void Pool::give_back(std::shared_ptr<Link> link) {
  if (closed_ || free_.size() >= kMostFree || !link->is_usable()) return;
  free_.push_back(std::move(link));
}

void Pool::close() {
  closed_ = true;
  free_.clear();
}

namespace detail {

/// Outlives the call: the KILL may still be on its way when the statement has ended.
struct Interruption::State : std::enable_shared_from_this<State> {
  State(Call& call, std::shared_ptr<Link> link)
      : outer(call), call(call.executor(), call.blocking()), link(std::move(link)), timer(call.executor()) {}

  void begin() {
    link->spoil();
    asio::co_spawn(call.executor(), kill(shared_from_this()), asio::detached);
    timer.expires_after(kCutAfter);
    timer.async_wait([self = shared_from_this()](const boost::system::error_code& cancelled) {
      if (cancelled) return;
      const auto within = format_duration(kCutAfter);
      self->give_up(self->sent ? "it did not end within " + within + " of KILL QUERY"
                               : "KILL QUERY could not be sent within " + within);
    });
  }

  /// What remains is the socket, of which a server that is busy takes no notice.
  void give_up(const std::string& why) {
    if (ended) return;
    outer.saw("the connection was closed, but the statement may still run on the server: " + why);
    link->cut();
  }

  static Awaitable<void> kill(std::shared_ptr<State> self) {
    std::optional<std::string> failed;
    try {
      auto job = [settings = self->link->settings(), way = self->link->way(), id = self->link->id()] {
        kill_query(settings, way, id);
      };
      co_await self->call.blocking().run(self->call, std::move(job));
    } catch (const std::exception& failure) {
      failed = failure.what();
    }
    self->sent = !failed;
    if (failed) self->give_up("KILL QUERY could not be sent: " + *failed);
  }

  Call& outer;  ///< until `ended`
  WorkCall call;
  std::shared_ptr<Link> link;
  asio::steady_timer timer;
  bool ended = false;
  bool sent = false;  ///< KILL QUERY, and the server took it
};

Interruption::Interruption(Call& call, std::shared_ptr<Link> link)
    : state_(std::make_shared<State>(call, std::move(link))),
      reaction_(call.stop().on_stop([state = state_] { state->begin(); })) {
  state_->link->set_in_call(true);
}

Interruption::~Interruption() {
  state_->link->set_in_call(false);
  state_->ended = true;
  state_->timer.cancel();
}

void refuse_if_in_call(const Link& link) {
  if (!link.in_call()) return;
  throw Error("mysql.busy",
              "another fiber's statement is under way in the same session or transaction, which has one "
              "connection; let one fiber work in it, or give each a session of its own")
      .on(link.settings().target());
}

void throw_if_stopped(Call& call, Link& link) {
  if (!call.stop().stopped()) return;
  link.spoil();
  throw Error("cancelled", "stopped while the statement ran").on(link.settings().target()).maybe_applied();
}

}  // namespace detail

}  // namespace opshost::mysql
