#include "bindings/docker/events.hpp"

#include <chrono>
#include <deque>
#include <set>
#include <tuple>

#include "bindings/docker/filters.hpp"
#include "bindings/docker/parsed.hpp"
#include "bindings/docker/pause.hpp"
#include "host/base/output.hpp"
#include "host/json/record.hpp"

namespace opshost::docker {

namespace {

constexpr Duration kReconnectPause = std::chrono::milliseconds(500);
/// How far an event may come behind a later one: the engine tells them as its threads get to it.
constexpr std::int64_t kOutOfOrder = 5'000'000'000;

struct Actor {
  std::string id{};
  std::map<std::string, std::string> attributes{};
};
OPSHOST_RECORD(Actor, "Whom an event is about", (id, ""), (attributes, ""))
struct SentEvent {
  std::string type{};
  std::string action{};
  Actor actor{};
  std::int64_t time = 0;
  std::int64_t time_nano = 0;
};
OPSHOST_RECORD(SentEvent, "An event as the API sends it", (type, ""), (action, ""), (actor, ""), (time, ""),
               (time_nano, ""))

std::int64_t now_nano() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
}

double seconds_of(std::int64_t nanoseconds) { return static_cast<double>(nanoseconds) / 1e9; }

std::string seconds_text(std::int64_t nanoseconds) {
  std::string fraction = std::to_string(nanoseconds % 1'000'000'000);
  fraction.insert(0, 9 - std::min<std::size_t>(fraction.size(), 9), '0');
  return std::to_string(nanoseconds / 1'000'000'000) + "." + fraction;
}

/// What an engine that is asked anew may tell once more.
class HeardEvents {
 public:
  void add(std::int64_t time, const std::string& id, const std::string& action) {
    latest_ = std::max(latest_, time);
    heard_.emplace(time, id, action);
    heard_.erase(heard_.begin(), heard_.lower_bound({latest_ - kOutOfOrder, {}, {}}));
  }
  /// From then on the engine has to tell again, for none to be missed. 0: nothing was heard.
  [[nodiscard]] std::int64_t complete_until() const { return latest_ == 0 ? 0 : latest_ - kOutOfOrder; }
  /// There are some, and all are earlier than that.
  [[nodiscard]] bool are_before(std::int64_t time) const { return latest_ != 0 && latest_ < time; }
  /// From now on what was heard comes as a repetition.
  void expect_again() { again_ = heard_; }
  /// True once for each.
  bool is_repetition(std::int64_t time, const std::string& id, const std::string& action) {
    return again_.erase({time, id, action}) > 0;
  }

 private:
  using Key = std::tuple<std::int64_t, std::string, std::string>;
  std::int64_t latest_ = 0;
  std::set<Key> heard_;
  std::set<Key> again_;
};

class EventReader {
 public:
  EventReader(std::shared_ptr<Connection> engine, EventOptions options)
      : engine_(std::move(engine)), options_(std::move(options)) {
    since_ = now_nano() - options_.since.value_or(Duration{}).count();
  }

  Awaitable<std::optional<Event>> next(Call& call) {
    while (ready_.empty()) {
      std::optional<Error> lost;
      try {
        if (!answer_) co_await open(call);
        if (!ready_.empty()) break;
        call.saw("connected, and no event came");
        const auto piece = co_await engine_->read(call, *answer_);
        if (piece.empty()) lost = Error("docker.connection_lost", "the engine ended the connection").retryable();
        take(piece);
      } catch (const Error& error) {
        lost = error;
      }
      if (lost) co_await survive(call, *lost);
    }
    auto event = std::move(ready_.front());
    ready_.pop_front();
    co_return event;
  }

 private:
  Awaitable<void> open(Call& call) {
    net::HttpRequest request{.target = "/events?since=" + seconds_text(since_), .lasts = true};
    const auto filters = filters_text({{"type", options_.type},
                                       {"container", options_.container},
                                       {"event", options_.event},
                                       {"label", options_.label}});
    if (!filters.empty()) request.target += "&filters=" + filters;
    auto answer = co_await engine_->send(call, std::move(request));
    answer_ = std::move(answer);
    lines_ = {};
    if (lost_because_.empty()) co_return;
    ready_.push_back({.type = "gap",
                      .action = "reconnected",
                      .time = seconds_of(now_nano()),
                      .gap = EventGap{seconds_of(lost_at_), seconds_of(now_nano()), std::exchange(lost_because_, {})}});
  }

  /// A connection that ended is opened anew, as long as the step may take. Other errors are its end.
  Awaitable<void> survive(Call& call, const Error& lost) {
    const bool began = answer_ != nullptr || !lost_because_.empty();
    if (call.stop().stopped() || !lost.is_retryable() || !began) throw lost;
    if (answer_) {
      answer_.reset();
      // What was heard may all be earlier than what was asked for: then our clock is ahead of the engine's.
      if (const auto again = heard_.complete_until(); again > since_ || heard_.are_before(since_)) since_ = again;
      heard_.expect_again();
      lost_because_ = lost.message();
      lost_at_ = now_nano();
    }
    call.saw("the engine is away: " + lost.message());
    co_await pause_for(call, kReconnectPause);
    if (call.stop().stopped()) throw lost;
  }

  void take(std::string_view piece) {
    lines_.feed(piece);
    while (auto line = lines_.next()) {
      if (line->find_first_not_of("\r \t") == std::string::npos) continue;
      auto sent = parsed(engine_->name(), [&] { return json::read<SentEvent>(*line); });
      const std::int64_t time = sent.time_nano != 0 ? sent.time_nano : sent.time * 1'000'000'000;
      if (heard_.is_repetition(time, sent.actor.id, sent.action)) continue;
      heard_.add(time, sent.actor.id, sent.action);
      Event event{.type = std::move(sent.type), .action = std::move(sent.action), .id = std::move(sent.actor.id)};
      event.attributes = std::move(sent.actor.attributes);
      if (const auto name = event.attributes.find("name"); name != event.attributes.end()) event.name = name->second;
      event.time = seconds_of(time);
      ready_.push_back(std::move(event));
    }
  }

  std::shared_ptr<Connection> engine_;
  EventOptions options_;
  Answer answer_;
  LineSplitter lines_;
  std::deque<Event> ready_;
  std::int64_t since_ = 0;  ///< what the engine is asked for
  HeardEvents heard_;
  std::int64_t lost_at_ = 0;
  std::string lost_because_;
};

}  // namespace

Stream<Event> events_of(std::shared_ptr<Connection> engine, EventOptions options) {
  auto reader = std::make_shared<EventReader>(std::move(engine), std::move(options));
  return Stream<Event>([reader](Call& step) { return reader->next(step); });
}

}  // namespace opshost::docker
