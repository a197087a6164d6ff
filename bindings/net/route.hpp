#pragma once
// The way to a server: from this machine, or through an SSH connection that a script gives as `via`.
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bindings/net/byte_stream.hpp"
#include "bindings/net/connect.hpp"

namespace opshost::net {

class Route {
 public:
  // What the help, the stubs and argument errors call one: the handle that ssh.connect returns.
  static constexpr const char* kHandleName = "Host";
  static constexpr const char* kHandleModule = "ssh";

  Route() = default;
  Route(const Route&) = delete;
  Route& operator=(const Route&) = delete;
  virtual ~Route() = default;

  /// A connection to a port, as seen from the route's end: names are looked up there. Throws Failure, or an error of
  /// the route itself.
  virtual Awaitable<std::unique_ptr<ByteStream>> open_tcp(Call& call, const std::string& host, std::uint16_t port,
                                                          Duration connect_timeout) = 0;
  /// A connection to a Unix socket of the machine at the route's end. `carrier`: a program (and its arguments) that
  /// carries the socket's bytes where the route cannot and nothing on that machine does; empty: there is none.
  virtual Awaitable<std::unique_ptr<ByteStream>> open_unix(Call& call, const std::string& path,
                                                           const std::vector<std::string>& carrier) = 0;
  /// For messages and targets: empty for this machine, else "admin@jump1".
  [[nodiscard]] virtual std::string name() const = 0;
  /// The machine at its end, as plans name it: "host jump1".
  [[nodiscard]] virtual std::string machine() const = 0;
  /// Equal for routes that are the same way, whichever handles they were given as.
  [[nodiscard]] virtual const void* identity() const { return this; }

  /// What others keep, by a name of theirs, as long as this route is open: connections through it that wait for their
  /// next use.
  [[nodiscard]] std::shared_ptr<void>& kept(const std::string& name) { return kept_[name]; }

 protected:
  void drop_kept() { kept_.clear(); }

 private:
  std::map<std::string, std::shared_ptr<void>> kept_;
};

/// From this machine.
std::shared_ptr<Route> direct_route();

/// An option `via` of a connect function.
using Via = std::optional<std::shared_ptr<Route>>;
inline std::shared_ptr<Route> route_of(const Via& via) { return via ? *via : direct_route(); }
/// Part of the key of connections that handles of equal arguments share.
inline const void* way_of(const Via& via) { return via ? (*via)->identity() : nullptr; }

}  // namespace opshost::net
