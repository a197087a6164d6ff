// A server that takes a connection, begins the handshake and falls silent.
#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <thread>

#include "bindings/mysql/link.hpp"
#include "host/base/descriptor.hpp"
#include "host/base/error.hpp"

namespace opshost::mysql {

namespace {

/// The greeting of a MariaDB 10.11 that takes mysql_native_password.
std::string greeting() {
  std::string body =
      "\x0a"
      "5.5.5-10.11.6-MariaDB";
  body += '\0';
  body += std::string(
      "\x07\0\0\0"
      "12345678"
      "\0",
      13);  // connection, nonce
  body += std::string(
      "\xfe\xf7"
      "\x2d"
      "\x02\0"
      "\xbf\x81"
      "\x15",
      8);  // capabilities, charset, status
  body += std::string(10, '\0');
  body += "123456789012";
  body += '\0';
  body += "mysql_native_password";
  body += '\0';
  std::string packet{static_cast<char>(body.size()), 0, 0, 0};
  return packet + body;
}

/// Listens, answers each connection with the greeting, and says no more until it ends.
class SilentServer {
 public:
  SilentServer() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in place{};
    place.sin_family = AF_INET;
    place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* address = reinterpret_cast<sockaddr*>(&place);  // as the socket calls take it
    socklen_t size = sizeof(place);
    REQUIRE(::bind(listener_.get(), address, size) == 0);
    REQUIRE(::listen(listener_.get(), 8) == 0);
    REQUIRE(::getsockname(listener_.get(), address, &size) == 0);
    port_ = ntohs(place.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~SilentServer() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
  }
  SilentServer(const SilentServer&) = delete;
  SilentServer& operator=(const SilentServer&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  void serve() {
    std::vector<Descriptor> kept;
    for (;;) {
      Descriptor connection(::accept(listener_.get(), nullptr, nullptr));
      if (!connection) return;
      const std::string text = greeting();
      CHECK(::send(connection.get(), text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size()));
      kept.push_back(std::move(connection));
    }
  }

  Descriptor listener_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

}  // namespace

TEST_CASE("a server that falls silent in the handshake is unreachable after the time that opening may take") {
  const SilentServer server;
  Settings settings;
  settings.port = server.port();
  settings.user = "app";
  settings.connect_timeout = std::chrono::seconds(1);
  const auto began = Clock::now();
  std::string code;
  std::string message;
  try {
    Link::open(settings, {.addresses = {"127.0.0.1"}});
  } catch (const Error& error) {
    code = error.code();
    message = error.message();
  }
  CHECK(code == "mysql.unreachable");
  CHECK(message ==
        "no connection: Lost connection to server at 'reading authorization packet', system error: 110 "
        "[2013 HY000]; is the server running there, and may we reach it?");
  CHECK(Clock::now() - began < std::chrono::seconds(10));
}

}  // namespace opshost::mysql
