#include "bindings/net/private_endpoint.hpp"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "bindings/net/accept_loop.hpp"
#include "bindings/net/background_call.hpp"
#include "bindings/net/relay.hpp"

namespace opshost::net {

namespace {

using UnixAcceptor = asio::local::stream_protocol::acceptor;
using TcpAcceptor = asio::ip::tcp::acceptor;

Error system_error(const char* what, int number) {
  return Error("net.endpoint", std::string(what) + ": " + errno_text(number));
}

/// A folder of ours alone, gone with its owner.
class PrivateFolder {
 public:
  PrivateFolder() {
    const char* parent = std::getenv("TMPDIR");
    path_ = std::string(parent == nullptr || *parent == '\0' ? "/tmp" : parent) + "/opshost-XXXXXX";
    if (mkdtemp(path_.data()) == nullptr) throw system_error("no private folder can be made", errno);
  }
  ~PrivateFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  PrivateFolder(const PrivateFolder&) = delete;
  PrivateFolder& operator=(const PrivateFolder&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// The inode of the socket that is connected from `client` to `server`, as /proc/net/tcp has it.
std::string inode_of(const asio::ip::tcp::endpoint& client, const asio::ip::tcp::endpoint& server) {
  const auto hex = [](const asio::ip::tcp::endpoint& endpoint) {
    std::array<char, 16> text{};
    const std::uint32_t address = htonl(endpoint.address().to_v4().to_uint());
    (void)std::snprintf(text.data(), text.size(), "%08X:%04X", address, endpoint.port());
    return std::string(text.data());
  };
  const std::string from = hex(client);
  const std::string to = hex(server);
  std::ifstream table("/proc/net/tcp");
  for (std::string line; std::getline(table, line);) {
    std::istringstream fields(line);
    std::string number, local, remote, state, queues, timer, retries, uid, timeout, inode;
    fields >> number >> local >> remote >> state >> queues >> timer >> retries >> uid >> timeout >> inode;
    if (local == from && remote == to) return inode;
  }
  return {};
}

/// Whether a descriptor of this process is that socket: no other process may come in, not even of the same user.
bool is_own_socket(const std::string& inode) {
  if (inode.empty()) return false;
  const std::string wanted = "socket:[" + inode + "]";
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd", failed)) {
    std::error_code gone;
    if (std::filesystem::read_symlink(entry.path(), gone) == wanted) return true;
  }
  return false;
}

}  // namespace

struct PrivateEndpoint::State : std::enable_shared_from_this<State> {
  State(Call& begun_by, std::shared_ptr<Route> way, std::string target, std::uint16_t target_port, Duration time)
      : call(begun_by), route(std::move(way)), host(std::move(target)), port(target_port), connect_timeout(time) {}

  BackgroundCall call;
  std::shared_ptr<Route> route;
  std::string host;
  std::uint16_t port;
  Duration connect_timeout;
  std::unique_ptr<ByteStream> first;
  std::optional<Error> failure;
  std::optional<PrivateFolder> folder;
  std::string path;
  std::optional<UnixAcceptor> unix_acceptor;
  std::optional<TcpAcceptor> tcp_acceptor;

  Awaitable<std::unique_ptr<ByteStream>> open_stream(Call& for_call) {
    // Lives as long as the coroutine that is given it by reference.
    static const std::vector<std::string> kNoCarrier;
    if (port == kUnixSocket) return route->open_unix(for_call, host, kNoCarrier);
    return route->open_tcp(for_call, host, port, connect_timeout);
  }

  void listen(EndpointKind kind) try {
    if (kind == EndpointKind::unix_socket) {
      folder.emplace();
      path = folder->path() + "/socket";
      unix_acceptor.emplace(call.executor(), asio::local::stream_protocol::endpoint(path));
      accept(*unix_acceptor);
    } else {
      tcp_acceptor.emplace(call.executor(), asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), 0));
      accept(*tcp_acceptor);
    }
  } catch (const boost::system::system_error& error) {
    throw system_error("no private socket can be opened", error.code().value());
  }

  template <class Acceptor>
  void accept(Acceptor& acceptor) {
    const std::weak_ptr<State> weak = weak_from_this();
    accept_each(acceptor, weak, [weak](auto socket) {
      const auto self = weak.lock();
      if (!self || !self->is_ours(socket)) return;
      asio::co_spawn(self->call.executor(), carry(self, make_stream(std::move(socket))), asio::detached);
    });
  }

  static bool is_ours(const asio::local::stream_protocol::socket&) { return true; }  // nobody else enters the folder
  static bool is_ours(const TcpSocket& socket) {
    ErrorCode gone;
    const auto client = socket.remote_endpoint(gone);
    if (gone) return false;
    return is_own_socket(inode_of(client, socket.local_endpoint(gone)));
  }

  static Awaitable<void> carry(std::shared_ptr<State> self, std::unique_ptr<ByteStream> client) {
    std::unique_ptr<ByteStream> server = std::exchange(self->first, nullptr);
    try {
      if (!server) {
        server = co_await self->open_stream(self->call);
        self->failure.reset();
      }
    } catch (const Error& error) {
      self->failure = error;
    }
    if (!server || self->call.stop().stopped()) {
      client->close();
      co_return;
    }
    ByteStream& ends = *client;
    const auto reaction = self->call.stop().on_stop([&ends] { ends.close(); });
    co_await relay(std::move(client), std::move(server));
  }
};

std::shared_ptr<PrivateEndpoint> PrivateEndpoint::listen(Call& call, std::shared_ptr<Route> route, std::string host,
                                                         std::uint16_t port, EndpointKind kind,
                                                         Duration connect_timeout) {
  auto state = std::make_shared<State>(call, std::move(route), std::move(host), port, connect_timeout);
  state->listen(kind);
  return std::shared_ptr<PrivateEndpoint>(new PrivateEndpoint(std::move(state)));
}

Awaitable<std::shared_ptr<PrivateEndpoint>> PrivateEndpoint::open(Call& call, std::shared_ptr<Route> route,
                                                                  std::string host, std::uint16_t port,
                                                                  EndpointKind kind, Duration connect_timeout) {
  auto state = std::make_shared<State>(call, route, host, port, connect_timeout);
  state->first = co_await state->open_stream(call);
  state->listen(kind);
  co_return std::shared_ptr<PrivateEndpoint>(new PrivateEndpoint(std::move(state)));
}

PrivateEndpoint::~PrivateEndpoint() {
  if (state_->first) state_->first->close();
  ErrorCode ignored;
  if (state_->unix_acceptor) state_->unix_acceptor->close(ignored);
  if (state_->tcp_acceptor) state_->tcp_acceptor->close(ignored);
  state_->call.stop().stop(StopReason::cancelled);
}

const std::string& PrivateEndpoint::path() const { return state_->path; }

std::uint16_t PrivateEndpoint::port() const {
  return state_->tcp_acceptor ? state_->tcp_acceptor->local_endpoint().port() : std::uint16_t{0};
}

const std::optional<Error>& PrivateEndpoint::failure() const { return state_->failure; }

}  // namespace opshost::net
