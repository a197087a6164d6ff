#include "bindings/ssh/agent.hpp"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "bindings/ssh/wire.hpp"
#include "host/base/descriptor.hpp"
#include "host/base/error.hpp"

namespace opshost::ssh {

namespace {

// draft-miller-ssh-agent
constexpr std::uint8_t kRequestIdentities = 11;
constexpr std::uint8_t kIdentitiesAnswer = 12;
constexpr std::uint8_t kSignRequest = 13;
constexpr std::uint8_t kSignResponse = 14;
constexpr std::uint32_t kRsaSha256 = 2;
constexpr std::uint32_t kRsaSha512 = 4;
constexpr std::uint32_t kMostAnswer = 1U << 20U;
/// An agent may ask its owner to touch a token; nobody answers after this long.
constexpr timeval kPatience{.tv_sec = 60, .tv_usec = 0};

Error failed(const std::string& path, const std::string& what) {
  return Error("ssh.agent", "the agent at " + path + " " + what).on(path);
}

Descriptor connect_to(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) throw failed(path, "has a path longer than a socket can have");
  std::memcpy(address.sun_path, path.data(), path.size());
  Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const void* any = &address;
  setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
  setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience);
  if (!socket || connect(socket.get(), static_cast<const sockaddr*>(any), sizeof address) != 0) {
    throw failed(path, "cannot be reached: " + errno_text(errno));
  }
  return socket;
}

void read_exactly(int fd, std::string& into, const std::string& path) {
  for (std::size_t at = 0; at < into.size();) {
    const auto size = recv(fd, into.data() + at, into.size() - at, 0);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) throw failed(path, size == 0 ? "closed the connection" : "did not answer: " + errno_text(errno));
    at += static_cast<std::size_t>(size);
  }
}

std::string ask(const std::string& path, const std::string& request) {
  const Descriptor socket = connect_to(path);
  const std::string message = WireWriter().string(request).take();
  for (std::size_t at = 0; at < message.size();) {
    const auto size = send(socket.get(), message.data() + at, message.size() - at, MSG_NOSIGNAL);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) throw failed(path, "took no request: " + errno_text(errno));
    at += static_cast<std::size_t>(size);
  }
  std::string head(4, '\0');
  read_exactly(socket.get(), head, path);
  const std::uint32_t size = WireReader(head).uint32();
  if (size == 0 || size > kMostAnswer) throw failed(path, "answered something that is none of its protocol");
  std::string answer(size, '\0');
  read_exactly(socket.get(), answer, path);
  return answer;
}

}  // namespace

std::string default_agent_path() {
  const char* path = std::getenv("SSH_AUTH_SOCK");
  return path == nullptr ? std::string() : std::string(path);
}

std::vector<AgentKey> agent_keys(const std::string& path) {
  const std::string answer = ask(path, WireWriter().byte(kRequestIdentities).take());
  WireReader reader(answer);
  if (reader.byte() != kIdentitiesAnswer) throw failed(path, "does not tell its keys");
  std::vector<AgentKey> keys;
  for (std::uint32_t left = reader.uint32(); left > 0 && reader.good(); --left) {
    const std::string_view key = reader.string();
    const std::string_view comment = reader.string();
    if (reader.good()) keys.push_back({std::string(key), std::string(comment)});
  }
  return keys;
}

std::string agent_sign(const std::string& path, const std::string& public_key, std::string_view data,
                       const std::string& algorithm) {
  const std::uint32_t flags = algorithm == "rsa-sha2-256" ? kRsaSha256 : algorithm == "rsa-sha2-512" ? kRsaSha512 : 0;
  const std::string answer =
      ask(path, WireWriter().byte(kSignRequest).string(public_key).string(data).uint32(flags).take());
  WireReader reader(answer);
  if (reader.byte() != kSignResponse) throw failed(path, "refused to sign");
  const std::string_view blob = reader.string();
  WireReader signature(blob);
  signature.string();  // the algorithm
  const std::string_view bytes = signature.string();
  if (!signature.good()) throw failed(path, "answered a damaged signature");
  return std::string(bytes);
}

}  // namespace opshost::ssh
