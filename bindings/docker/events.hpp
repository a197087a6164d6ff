#pragma once
// What happens at an engine.
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "bindings/docker/connection.hpp"
#include "host/fiber/stream.hpp"
#include "host/lua/record.hpp"

namespace opshost::docker {

struct EventOptions {
  std::optional<Duration> since{};
  std::optional<std::string> type{};
  std::optional<std::string> container{};
  std::optional<std::string> event{};
  std::optional<std::string> label{};
  std::optional<Duration> timeout{};
};
OPSHOST_RECORD(
    EventOptions, "Which events, and how long to wait for them",
    (since,
     "begin with those of the last \"10m\", as far as the engine remembers (256 of them); counted back from this "
     "machine's clock: where the engine's goes otherwise, give as much more"),
    (type, "\"container\", \"image\", \"network\", \"volume\", \"daemon\""),
    (container, "name or id of the container they are about"), (event, "\"start\", \"die\", \"health_status\", ..."),
    (label, "\"role\" or \"role=broker\""), (timeout, "how long to wait for the next event"))

struct EventGap {
  double from = 0;
  double to = 0;
  std::string why{};
};
OPSHOST_RECORD(EventGap, "A time nothing was heard of the engine",
               (from, "when it was last heard of, in seconds since 1970"), (to, "when it was there again"),
               (why, "how the connection ended"))

struct Event {
  std::string type{};
  std::string action{};
  std::string id{};
  std::string name{};
  std::map<std::string, std::string> attributes{};
  double time = 0;
  std::optional<EventGap> gap{};
};
OPSHOST_RECORD(Event, "Something that happened at an engine",
               (type,
                "\"container\", \"image\", \"network\", \"volume\", \"daemon\"; \"gap\" where the connection was lost "
                "and opened anew: what the engine no longer remembered of that time is missing"),
               (action, "\"start\", \"die\", \"health_status: healthy\", ..."), (id, "of what it happened to"),
               (name, "its name, where the engine tells it"), (attributes, "what else the engine tells of it"),
               (time, "when, in seconds since 1970"), (gap, "of a \"gap\""))

/// In the order the engine tells them, which is not always that of their times. Goes on when the connection is lost:
/// the engine is asked again from shortly before the last event on, what it repeats is left out, and one event of the
/// type "gap" says for how long nothing was heard.
Stream<Event> events_of(std::shared_ptr<Connection> engine, EventOptions options);

}  // namespace opshost::docker
