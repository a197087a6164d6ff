#include "tests/bench/raw_ssh.hpp"

#include <arpa/inet.h>
#include <libssh2.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <sstream>
#include <vector>

#include "tests/bench/report.hpp"

namespace opshost::bench {

namespace {

[[noreturn]] void give_up(const char* step, LIBSSH2_SESSION* session) {
  char* text = nullptr;
  if (session != nullptr) libssh2_session_last_error(session, &text, nullptr, 0);
  std::fprintf(stderr, "raw libssh2: %s: %s\n", step, text == nullptr ? "failed" : text);
  std::exit(2);
}

std::string text_of(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

struct Keys {
  std::string secret;
  std::string open;
};

/// One host, as far as it has come.
class Session {
 public:
  Session(int epoll, const RawSsh& how, const Keys& keys, int number) : epoll_(epoll), how_(how), keys_(keys) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(how.port));
    inet_pton(AF_INET, (how.address_prefix + std::to_string(number)).c_str(), &address.sin_addr);
    socket_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int yes = 1;
    setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    const void* any = &address;
    connect(socket_, static_cast<const sockaddr*>(any), sizeof address);
    epoll_event event{};
    event.events = armed_ = EPOLLOUT;
    event.data.ptr = this;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, socket_, &event);
  }
  ~Session() {
    libssh2_session_disconnect(session_, "done");
    libssh2_session_free(session_);
    close(socket_);
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void begin_again() { step_ = Step::open; }

  /// As far as it goes; true: the command has ended.
  bool go_on() {
    const int yes = 1;
    setsockopt(socket_, IPPROTO_TCP, TCP_QUICKACK, &yes, sizeof yes);
    while (step_ != Step::ended) {
      const int answer = step();
      if (answer == LIBSSH2_ERROR_EAGAIN) {
        arm();
        return false;
      }
      if (answer != 0) give_up("a step", session_);
    }
    return true;
  }

 private:
  enum class Step { connect, handshake, login, open, exec, read, close, free, ended };

  int step() {
    switch (step_) {
      case Step::connect:
        session_ = libssh2_session_init();
        libssh2_session_set_blocking(session_, 0);
        step_ = Step::handshake;
        return 0;
      case Step::handshake:
        return then(libssh2_session_handshake(session_, socket_), Step::login);
      case Step::login:
        return then(libssh2_userauth_publickey_frommemory(session_, how_.user.c_str(), how_.user.size(),
                                                          keys_.open.c_str(), keys_.open.size(), keys_.secret.c_str(),
                                                          keys_.secret.size(), nullptr),
                    Step::open);
      case Step::open:
        channel_ = libssh2_channel_open_session(session_);
        if (channel_ == nullptr) return libssh2_session_last_errno(session_);
        step_ = Step::exec;
        return 0;
      case Step::exec:
        return then(libssh2_channel_exec(channel_, "true"), Step::read);
      case Step::read: {
        std::array<char, 4096> buffer{};
        const auto size = libssh2_channel_read(channel_, buffer.data(), buffer.size());
        if (size < 0) return static_cast<int>(size);
        if (libssh2_channel_eof(channel_) != 0) step_ = Step::close;
        return 0;
      }
      case Step::close:
        return then(libssh2_channel_close(channel_), Step::free);
      case Step::free:
        if (libssh2_channel_get_exit_status(channel_) != 0) give_up("true", session_);
        return then(libssh2_channel_free(channel_), Step::ended);
      case Step::ended:
        break;
    }
    return 0;
  }

  int then(int answer, Step next) {
    if (answer == 0) step_ = next;
    return answer;
  }

  void arm() {
    const int directions = libssh2_session_block_directions(session_);
    unsigned events = 0;
    if ((directions & LIBSSH2_SESSION_BLOCK_OUTBOUND) != 0) events |= EPOLLOUT;
    if (events == 0 || (directions & LIBSSH2_SESSION_BLOCK_INBOUND) != 0) events |= EPOLLIN;
    if (events == armed_) return;
    armed_ = events;
    epoll_event event{};
    event.events = events;
    event.data.ptr = this;
    epoll_ctl(epoll_, EPOLL_CTL_MOD, socket_, &event);
  }

  int epoll_;
  const RawSsh& how_;
  const Keys& keys_;
  int socket_ = -1;
  unsigned armed_ = 0;
  Step step_ = Step::connect;
  LIBSSH2_SESSION* session_ = nullptr;
  LIBSSH2_CHANNEL* channel_ = nullptr;
};

/// Waits until all that are under way have ended.
void wait_for_some(int epoll, std::size_t& under_way) {
  std::array<epoll_event, 256> events{};
  const int count = epoll_wait(epoll, events.data(), static_cast<int>(events.size()), 30000);
  if (count <= 0) give_up("no answer for 30 s", nullptr);
  for (int i = 0; i < count; ++i) {
    if (static_cast<Session*>(events[static_cast<std::size_t>(i)].data.ptr)->go_on()) --under_way;
  }
}

}  // namespace

double RawSsh::run() const {
  libssh2_init(0);
  const Keys keys{text_of(key_file), text_of(key_file + ".pub")};
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  std::vector<std::unique_ptr<Session>> sessions;
  std::size_t under_way = 0;
  while (static_cast<int>(sessions.size()) < hosts || under_way > 0) {
    while (static_cast<int>(sessions.size()) < hosts && under_way < static_cast<std::size_t>(at_once)) {
      sessions.push_back(std::make_unique<Session>(epoll, *this, keys, static_cast<int>(sessions.size()) + 1));
      ++under_way;
    }
    wait_for_some(epoll, under_way);
  }
  const double began = wall();
  for (int round = 0; round < warm_rounds; ++round) {
    for (const auto& session : sessions) {
      session->begin_again();
      // It may end in its first step, when the server is faster than we are.
      if (!session->go_on()) ++under_way;
    }
    while (under_way > 0) wait_for_some(epoll, under_way);
  }
  const double took = wall() - began;
  sessions.clear();
  close(epoll);
  return took;
}

}  // namespace opshost::bench
