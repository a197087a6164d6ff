#include "bindings/docker/tracked.hpp"

#include "bindings/docker/pause.hpp"
#include "bindings/docker/short_id.hpp"
#include "host/lua/value_of.hpp"

namespace opshost::docker {

namespace {

constexpr Duration kBetweenLooks = std::chrono::milliseconds(500);
/// Whoever is asked then sees it, with the note beside it.
constexpr const char* kForgotten = "the engine has forgotten it: the container ended, or the engine was restarted";

/// The connection that the script has to that engine, or a new one where it can be opened without one to a host.
std::shared_ptr<Connection> connection_of(const TrackedNote& note) {
  if (auto known = Connection::find(note.engine)) return known;
  if (note.via) {
    throw Error("docker.unreachable", "the engine " + note.engine + " is reached through " + *note.via +
                                          ", which the script has not connected to yet: nobody can be asked");
  }
  ConnectOptions options;
  if (note.endpoint.starts_with("tcp://")) options.tls = note.tls;
  options.ca_file = note.ca_file;
  options.cert_file = note.cert_file;
  options.key_file = note.key_file;
  options.verify = note.verify;
  return connection_for(note.endpoint, options);
}

std::string shown(const TrackedNote& note) {
  return "the program that was run in container " + note.container + " (exec " + short_id(note.exec_id) + ")";
}

TrackedAnswer answer_of(const TrackedNote& note, const ExecStatus& status) {
  if (!status.exit_code) return {.state = RunState::never_began};
  CommandResult result{.exit_code = *status.exit_code, .exec_id = note.exec_id};
  if (note.accept && !accepts(*note.accept, result.exit_code)) {
    throw Error("docker.exit", shown(note) + " ended with exit code " + std::to_string(result.exit_code) +
                                   " after opshost had gone; what it wrote is not known")
        .on(note.engine)
        .during("Container:run")
        .with(value_of(result));
  }
  return {.state = RunState::ended, .result = std::move(result)};
}

}  // namespace

Value tracked_note(const Container& container, const std::string& exec_id, const AcceptedCodes& accept) {
  const auto& connection = *container.engine();
  TrackedNote note{.exec_id = exec_id, .container = container.name(), .engine = connection.name()};
  note.endpoint = connection.endpoint().text;
  if (const auto& files = connection.endpoint().tls) {
    note.tls = true;
    if (!files->ca.empty()) note.ca_file = files->ca;
    if (!files->certificate.empty()) note.cert_file = files->certificate;
    if (!files->key.empty()) note.key_file = files->key;
    note.verify = files->verify;
  }
  note.via = connection.via_name();
  if (const auto* codes = std::get_if<ExitCodeList>(&accept)) note.accept = *codes;
  return value_of(note);
}

Awaitable<TrackedAnswer> ask_tracked(Call& call, TrackedNote note, AskOptions options) {
  const auto connection = connection_of(note);
  for (;;) {
    const auto status = co_await find_exec(call, connection, note.exec_id);
    if (!status) {
      co_return TrackedAnswer{.reason = kForgotten};
    }
    if (!status->running) co_return answer_of(note, *status);
    call.saw(shown(note) + " still runs");
    co_await pause_for(call, kBetweenLooks);
    if (call.stop().stopped()) {
      throw Error("wait.timeout",
                  "waited " + format_duration(options.timeout) + " for " + shown(note) + ", which still runs")
          .on(note.engine);
    }
  }
}

}  // namespace opshost::docker
