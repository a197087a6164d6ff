#pragma once
// A port of this machine that leads to one that a host can reach.
#include <memory>
#include <string>

#include "bindings/net/route.hpp"
#include "host/lua/record.hpp"

namespace opshost::ssh {

struct ForwardOptions {
  std::string host = "localhost";
  std::uint16_t port = 0;
  std::string local_host = "127.0.0.1";
  std::uint16_t local_port = 0;
};
OPSHOST_RECORD(ForwardOptions, "What to forward", (host, "where it leads, as the host names it"),
               (port, "the port there", required), (local_host, "address of this machine to listen on"),
               (local_port, "port to listen on; 0 takes a free one"))

/// Belongs to the loop's thread. Ends, with all its connections, with its last owner.
class Forward {
 public:
  /// Throws Error("ssh.local_port") where it cannot listen.
  static std::shared_ptr<Forward> open(Call& call, std::shared_ptr<net::Route> route, const ForwardOptions& options);
  ~Forward() { close(); }
  Forward(const Forward&) = delete;
  Forward& operator=(const Forward&) = delete;

  [[nodiscard]] std::string subject() const;
  /// What it listens on.
  [[nodiscard]] std::int64_t port() const;
  void close();

 private:
  struct State;
  explicit Forward(std::shared_ptr<State> state) : state_(std::move(state)) {}

  std::shared_ptr<State> state_;
};

}  // namespace opshost::ssh
