#include "bindings/ssh/host.hpp"

#include <utility>

#include "bindings/net/failure.hpp"
#include "bindings/ssh/channel_stream.hpp"
#include "bindings/ssh/command.hpp"
#include "bindings/ssh/shorter_call.hpp"
#include "bindings/ssh/tracked.hpp"

namespace opshost::ssh {

namespace {

std::string place_of(const std::string& via, const std::string& host, std::uint16_t port) {
  return "port " + std::to_string(port) + " of " + host + ", asked for through " + via;
}

net::Failure silent_failure(const std::string& via, const std::string& host, std::uint16_t port, Duration waited) {
  return {net::Obstacle::silent, place_of(via, host, port) + ": no answer within " + humanize_duration(waited)};
}

net::Failure tcp_failure(const std::string& via, const std::string& host, std::uint16_t port, const std::string& why) {
  const std::string where = place_of(via, host, port);
  if (why.find("connect failed") != std::string::npos) {
    return {net::Obstacle::refused, where + ": it cannot connect there: nothing listens, or there is no way"};
  }
  if (why.find("prohibited") != std::string::npos) {
    return {net::Obstacle::permission, where + ": its sshd forwards nothing (AllowTcpForwarding)"};
  }
  return {net::Obstacle::other, where + ": " + why};
}

}  // namespace

std::shared_ptr<Connection> Host::open_connection() const {
  if (!connection_) throw Error("closed", "the host that was given as `via` is closed");
  return connection_;
}

Awaitable<bool> Host::alive(Call& call) {
  const auto connection = connection_;
  try {
    co_await connection->session(call);
  } catch (const Error& error) {
    if (error.code() != "ssh.unreachable") throw;
    co_return false;
  }
  co_return true;
}

Awaitable<std::shared_ptr<Forward>> Host::forward(Call& call, ForwardOptions options) {
  const auto connection = connection_;
  // What keeps us from the host is said here, not hidden from whoever connects.
  co_await connection->session(call);
  co_return Forward::open(call, std::make_shared<Host>(connection), options);
}

Awaitable<CommandResult> Host::read(Call& call, Command command, RunOptions options) {
  if (options.tracked) {
    throw Error("usage.argument", "tracked is of `run`: what only reads leaves nothing on the host to be asked for");
  }
  return run(call, std::move(command), std::move(options));
}

Awaitable<CommandResult> Host::run(Call& call, Command command, RunOptions options) {
  if (!options.timeout) options.timeout = default_timeout().value_or(kTimeout) + options.grace;
  auto tracking = tracking_of(call, options);
  if (tracking && tracking->by_default && connection_->cannot_track) {
    std::string why = *connection_->cannot_track;
    return run_untracked(call, connection_, std::move(command), std::move(options), std::move(why));
  }
  if (tracking) return run_tracked(call, connection_, std::move(*tracking), std::move(command), std::move(options));
  if (call.change_key().empty()) return run_command(call, connection_, std::move(command), std::move(options));
  std::string why = options.pty ? "it has a terminal" : "tracked = false";
  return run_untracked(call, connection_, std::move(command), std::move(options), std::move(why));
}

Awaitable<std::unique_ptr<net::ByteStream>> Host::open_tcp(Call& call, const std::string& host, std::uint16_t port,
                                                           Duration connect_timeout) {
  const auto connection = open_connection();
  // Which has a time of its own.
  co_await connection->session(call);
  std::optional<net::Failure> failure;
  Channel channel;
  const ShorterCall part(call, connect_timeout);
  try {
    channel = co_await connection->open_tcp_channel(part.call(), host, port);
  } catch (const Error& error) {
    if (call.stop().stopped() && !part.call().seen().empty()) call.saw(part.call().seen());
    if (part.is_over()) {
      failure = silent_failure(connection->name(), host, port, connect_timeout);
    } else if (error.code() == "ssh.channel") {
      failure = tcp_failure(connection->name(), host, port, error.message());
    } else {
      throw;
    }
  }
  if (failure) throw net::Failure(*failure);
  co_return make_channel_stream(std::move(channel), connection);
}

}  // namespace opshost::ssh
