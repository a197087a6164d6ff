#pragma once
// A host as scripts hold it: opened on first use, shared by all who ask for it the same way, opened again when lost.
#include <array>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bindings/net/route.hpp"
#include "bindings/ssh/channel.hpp"
#include "bindings/ssh/opening.hpp"

namespace opshost::ssh {

class Registry;
class SftpClient;

/// Belongs to the loop's thread.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  /// The connection for these arguments: one that somebody holds already, or a new one. Nothing is opened yet.
  static std::shared_ptr<Connection> shared(const asio::any_io_executor& executor, const ConnectOptions& options);
  /// One that somebody holds already; nullptr: none is as wanted.
  static std::shared_ptr<Connection> find(const asio::any_io_executor& executor,
                                          const std::function<bool(const Connection&)>& wanted);

  Connection(asio::any_io_executor executor, ConnectOptions options, std::shared_ptr<LocalFiles> files);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  [[nodiscard]] const ConnectOptions& options() const { return options_; }
  /// "lab@db1:2222"; before the first opening, what is known of it.
  [[nodiscard]] std::string name() const;
  /// "lab@db1:2222", as it was asked for.
  [[nodiscard]] std::string asked_name() const;
  /// The same of the host that it was told to go through.
  [[nodiscard]] std::optional<std::string> via_name() const;

  /// The session, opened where there is none. Throws what keeps it from being opened.
  Awaitable<std::shared_ptr<Session>> session(Call& call);
  /// A channel. Where the server lets no more be open at once (MaxSessions), waits until one of ours is closed; a
  /// session that turns out to be lost is opened again, since nothing was asked of it yet.
  /// Throws Error("ssh.channel") where the server refuses, or what keeps the session from being opened.
  Awaitable<Channel> open_channel(Call& call) { return open_channel_to(call, ChannelTarget()); }
  /// The same, without waiting for one of ours to be closed: then Error("ssh.channel") too.
  Awaitable<Channel> open_free_channel(Call& call) { return open_channel_to(call, ChannelTarget(), false); }
  /// The same to a port that the host can reach.
  Awaitable<Channel> open_tcp_channel(Call& call, std::string host, std::uint16_t port) {
    return open_channel_to(call, ChannelTarget{.tcp_host = std::move(host), .tcp_port = port});
  }
  /// The same to a Unix socket of the host; only where kHasUnixChannels.
  Awaitable<Channel> open_unix_channel(Call& call, std::string path) {
    return open_channel_to(call, ChannelTarget{.unix_path = std::move(path)});
  }

  struct Way {
    Plan plan;
    std::shared_ptr<net::Route> route;
  };
  /// How to reach the host, from the files of this machine; nothing is opened. Throws what they are wrong in.
  Awaitable<Way> way(Call& call);

  /// Another connection of the same settings, shared with nobody.
  [[nodiscard]] std::shared_ptr<Connection> second() const;

  void close();
  /// The loop has ended.
  void abandon();

  /// Kept with the connection by files.cpp.
  std::shared_ptr<SftpClient> sftp;
  /// Why the host can keep no tracked command; nullopt: it can, or nobody tried.
  std::optional<std::string> cannot_track;

 private:
  struct Opening;

  void begin_opening(Call& call);
  Awaitable<Channel> open_channel_to(Call& call, ChannelTarget target, bool waits = true);
  /// Where the server lets no more channels be open. Throws where nobody waits.
  Awaitable<void> until_channel_closed(Call& call, std::shared_ptr<Session> session, bool waits);
  /// Another connection, for what an opening of this one's session holds up.
  std::shared_ptr<Connection> detour();
  void drop_idle_detours();
  [[nodiscard]] bool is_idle() const;
  [[nodiscard]] bool is_at_limit(const Session& session);
  /// Closes the file transfer's channel where nobody uses it.
  bool drop_idle_sftp();
  static Awaitable<void> open(std::shared_ptr<Connection> self, std::shared_ptr<Opening> opening);
  static Awaitable<std::shared_ptr<Session>> open_session(Connection& self, Opening& opening);
  /// Throws Error("ssh.config") where ssh_config leads in a circle.
  [[nodiscard]] std::shared_ptr<net::Route> route_for(const Plan& plan);
  void throw_if_reached_through(const Connection& hop) const;
  [[nodiscard]] bool is_jump_for(const Connection& other) const;
  [[nodiscard]] Error channel_error(const std::string& why) const;

  asio::any_io_executor executor_;
  ConnectOptions options_;
  std::shared_ptr<LocalFiles> files_;
  std::shared_ptr<Session> session_;
  std::vector<std::weak_ptr<Connection>> jump_for_;  ///< those that ssh_config leads through this one
  std::shared_ptr<Opening> opening_;
  std::string name_;
  std::optional<std::size_t> most_channels_;  ///< how many were open when the server refused one more
  TimePoint most_until_{};                    ///< it is believed until then
  /// Two, which take what is held up in turn: of many silent addresses each holds up half of the rest then.
  std::array<std::shared_ptr<Connection>, 2> detours_;
  std::size_t next_detour_ = 0;
};

}  // namespace opshost::ssh
