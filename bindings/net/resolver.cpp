#include "bindings/net/resolver.hpp"

#include <ares.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstring>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include "bindings/net/failure.hpp"
#include "host/base/value.hpp"

namespace opshost::net {

namespace {

using Descriptor = asio::posix::stream_descriptor;

struct Freed {
  void operator()(ares_addrinfo* found) const { ares_freeaddrinfo(found); }
};

/// One question. c-ares opens and closes its sockets itself: here they are only watched.
class Question : public std::enable_shared_from_this<Question> {
 public:
  explicit Question(asio::any_io_executor executor)
      : executor_(std::move(executor)), timer_(executor_), done_(executor_) {
    done_.expires_at(TimePoint::max());
    ares_options options{};
    options.sock_state_cb = [](void* self, ares_socket_t socket, int readable, int writable) {
      static_cast<Question*>(self)->watch(socket, readable != 0, writable != 0);
    };
    options.sock_state_cb_data = this;
    status_ = ares_init_options(&channel_, &options, ARES_OPT_SOCK_STATE_CB);
  }
  Question(const Question&) = delete;
  Question& operator=(const Question&) = delete;
  ~Question() {
    if (channel_ != nullptr) ares_destroy(channel_);
  }

  void ask(const std::string& host, const std::string& service) {
    if (status_ != ARES_SUCCESS) return;
    ares_addrinfo_hints hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = ARES_AI_NUMERICSERV;
    answered_ = false;
    ares_getaddrinfo(
        channel_, host.c_str(), service.c_str(), &hints,
        [](void* self, int status, int, ares_addrinfo* found) { static_cast<Question*>(self)->answer(status, found); },
        this);
    if (!answered_) set_timer();
  }

  /// c-ares calls the callback with ARES_ECANCELLED.
  void cancel() {
    if (channel_ != nullptr) ares_cancel(channel_);
  }

  Awaitable<void> wait() {
    ErrorCode cancelled;
    if (!answered_) co_await done_.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
  }

  [[nodiscard]] int status() const { return status_; }
  [[nodiscard]] const ares_addrinfo* found() const { return found_.get(); }

 private:
  using ErrorCode = boost::system::error_code;

  /// A socket as asio watches it; gives the descriptor back to c-ares, which owns it.
  struct Watched {
    Descriptor descriptor;
    bool read = false;
    bool write = false;
    bool reading = false;
    bool writing = false;

    Watched(const asio::any_io_executor& executor, int socket) : descriptor(executor, socket) {}
    Watched(const Watched&) = delete;
    Watched& operator=(const Watched&) = delete;
    ~Watched() { descriptor.release(); }
  };

  void watch(int socket, bool readable, bool writable) {
    if (!readable && !writable) {
      sockets_.erase(socket);
      return;
    }
    auto& watched = sockets_[socket];
    if (!watched) watched = std::make_shared<Watched>(executor_, socket);
    watched->read = readable;
    watched->write = writable;
    arm(socket, *watched);
  }

  void arm(int socket, Watched& watched) {
    if (watched.read && !std::exchange(watched.reading, true)) {
      watched.descriptor.async_wait(Descriptor::wait_read, [self = weak_from_this(), socket](ErrorCode error) {
        if (const auto alive = self.lock(); alive && !error) alive->ready(socket, true);
      });
    }
    if (watched.write && !std::exchange(watched.writing, true)) {
      watched.descriptor.async_wait(Descriptor::wait_write, [self = weak_from_this(), socket](ErrorCode error) {
        if (const auto alive = self.lock(); alive && !error) alive->ready(socket, false);
      });
    }
  }

  void ready(int socket, bool readable) {
    const auto found = sockets_.find(socket);
    if (found == sockets_.end()) return;
    (readable ? found->second->reading : found->second->writing) = false;
    ares_process_fd(channel_, readable ? socket : ARES_SOCKET_BAD, readable ? ARES_SOCKET_BAD : socket);
    go_on(socket);
  }

  void go_on(int socket) {
    const auto found = sockets_.find(socket);
    if (found != sockets_.end()) arm(socket, *found->second);
    if (!answered_) set_timer();
  }

  /// c-ares repeats its questions and turns to the next name server by time.
  void set_timer() {
    timeval longest{.tv_sec = 1, .tv_usec = 0};
    const timeval* next = ares_timeout(channel_, &longest, &longest);
    timer_.expires_after(std::chrono::seconds(next->tv_sec) + std::chrono::microseconds(next->tv_usec));
    timer_.async_wait([self = weak_from_this()](ErrorCode error) {
      const auto alive = self.lock();
      if (!alive || error || alive->answered_) return;
      ares_process_fd(alive->channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
      if (!alive->answered_) alive->set_timer();
    });
  }

  void answer(int status, ares_addrinfo* found) {
    answered_ = true;
    status_ = status;
    found_.reset(found);
    timer_.cancel();
    done_.cancel();
  }

  asio::any_io_executor executor_;
  asio::steady_timer timer_;
  asio::steady_timer done_;
  ares_channel channel_ = nullptr;
  std::map<int, std::shared_ptr<Watched>> sockets_;
  std::unique_ptr<ares_addrinfo, Freed> found_;
  int status_ = ARES_SUCCESS;
  bool answered_ = true;
};

std::optional<TcpEndpoint> numeric(const std::string& host, std::uint16_t port) {
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  boost::system::error_code no_number;
  const auto address = asio::ip::make_address(bracketed ? host.substr(1, host.size() - 2) : host, no_number);
  if (no_number) return std::nullopt;
  return TcpEndpoint(address, port);
}

std::vector<TcpEndpoint> endpoints_of(const ares_addrinfo& found, std::uint16_t port) {
  std::vector<TcpEndpoint> endpoints;
  for (const auto* node = found.nodes; node != nullptr; node = node->ai_next) {
    if (node->ai_family != AF_INET && node->ai_family != AF_INET6) continue;
    TcpEndpoint endpoint;
    endpoint.resize(node->ai_addrlen);
    std::memcpy(endpoint.data(), node->ai_addr, node->ai_addrlen);
    endpoint.port(port);
    endpoints.push_back(endpoint);
  }
  return endpoints;
}

[[noreturn]] void throw_no_address(const std::string& host, int status) {
  const auto name = describe(Value(host));
  if (status == ARES_ENOTFOUND || status == ARES_ENODATA || status == ARES_EBADNAME) {
    throw Failure(Obstacle::name_unknown,
                  "the name " + name + " has no address: neither /etc/hosts nor the name servers know it");
  }
  if (status == ARES_ETIMEOUT || status == ARES_ECONNREFUSED) {
    throw Failure(Obstacle::name_server_failed, "no name server answered the question for " + name + " (" +
                                                    ares_strerror(status) +
                                                    "); look at /etc/resolv.conf, or give an address");
  }
  throw Failure(Obstacle::name_server_failed, "the name " + name + " could not be looked up: " + ares_strerror(status));
}

}  // namespace

Awaitable<std::vector<TcpEndpoint>> resolve(Call& call, std::string host, std::uint16_t port) {
  if (const auto endpoint = numeric(host, port)) co_return std::vector<TcpEndpoint>{*endpoint};
  static std::once_flag initialised;
  std::call_once(initialised, [] { ares_library_init(ARES_LIB_INIT_ALL); });
  const auto question = std::make_shared<Question>(call.executor());
  question->ask(host, std::to_string(port));
  const auto stopped = call.stop().on_stop([&question] { question->cancel(); });
  call.saw("waiting for a name server to answer for " + describe(Value(host)));
  co_await question->wait();
  if (question->status() != ARES_SUCCESS || question->found() == nullptr) throw_no_address(host, question->status());
  auto endpoints = endpoints_of(*question->found(), port);
  if (endpoints.empty()) throw_no_address(host, ARES_ENODATA);
  co_return endpoints;
}

}  // namespace opshost::net
