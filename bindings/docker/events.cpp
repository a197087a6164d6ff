#include "bindings/docker/events.hpp"

#include <chrono>
#include <deque>

#include "bindings/docker/container_list.hpp"
#include "host/base/output.hpp"
#include "host/json/record.hpp"

namespace opshost::docker {

namespace {

constexpr Duration kReconnectPause = std::chrono::milliseconds(500);

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

std::string time_text(std::int64_t nanoseconds) {
  std::string fraction = std::to_string(nanoseconds % 1'000'000'000);
  fraction.insert(0, 9 - std::min<std::size_t>(fraction.size(), 9), '0');
  return std::to_string(nanoseconds / 1'000'000'000) + "." + fraction;
}

class EventReader {
 public:
  EventReader(std::shared_ptr<Connection> engine, EventOptions options)
      : engine_(std::move(engine)), options_(std::move(options)) {
    heard_ = now_nano() - options_.since.value_or(Duration{}).count();
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
    net::HttpRequest request{.target = "/events?since=" + time_text(heard_), .lasts = true};
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
      lost_because_ = lost.message();
      lost_at_ = now_nano();
    }
    call.saw("the engine is away: " + lost.message());
    asio::steady_timer timer(call.executor(), kReconnectPause);
    const auto reaction = call.stop().on_stop([&timer] { timer.cancel(); });
    boost::system::error_code ignored;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    if (call.stop().stopped()) throw lost;
  }

  void take(std::string_view piece) {
    lines_.feed(piece);
    while (auto line = lines_.next()) {
      if (line->find_first_not_of("\r \t") == std::string::npos) continue;
      auto sent = parsed(engine_->name(), [&] { return json::read<SentEvent>(*line); });
      const std::int64_t time = sent.time_nano != 0 ? sent.time_nano : sent.time * 1'000'000'000;
      // Asked from a time on, the engine tells what happened at that time once more.
      if (time <= last_event_) continue;
      last_event_ = time;
      heard_ = time;
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
  std::int64_t heard_ = 0;
  std::int64_t last_event_ = 0;
  std::int64_t lost_at_ = 0;
  std::string lost_because_;
};

}  // namespace

Stream<Event> events_of(std::shared_ptr<Connection> engine, EventOptions options) {
  auto reader = std::make_shared<EventReader>(std::move(engine), std::move(options));
  return Stream<Event>([reader](Call& step) { return reader->next(step); });
}

}  // namespace opshost::docker
