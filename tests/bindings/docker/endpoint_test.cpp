#include "bindings/docker/endpoint.hpp"

#include <doctest/doctest.h>

#include <cstdlib>

#include "host/base/error.hpp"

using namespace opshost;
using namespace opshost::docker;

namespace {

/// Sets variables for a test and takes them away.
class Environment {
 public:
  explicit Environment(std::vector<std::pair<const char*, const char*>> variables) : variables_(std::move(variables)) {
    for (const auto& [name, value] : variables_) setenv(name, value, 1);
  }
  ~Environment() {
    for (const auto& [name, value] : variables_) unsetenv(name);
  }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  std::vector<std::pair<const char*, const char*>> variables_;
};

std::string refusal_of(const std::string& endpoint, const ConnectOptions& options = {}) {
  try {
    endpoint_of(endpoint, options);
  } catch (const Error& error) {
    CHECK(error.code() == "usage.argument");
    return error.message();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("sockets and addresses, with TLS where the port or the certificates say so") {
  CHECK(endpoint_of("unix:///run/docker.sock", {}).path == "/run/docker.sock");
  const auto secure = endpoint_of("tcp://h1", {.cert_path = "/certs"});
  CHECK(secure.host == "h1");
  CHECK(secure.port == 2376);
  CHECK(secure.tls->ca == "/certs/ca.pem");
  CHECK(secure.tls->certificate == "/certs/cert.pem");
  CHECK(secure.tls->key == "/certs/key.pem");
  CHECK(secure.tls->verify);
  CHECK_FALSE(endpoint_of("tcp://h1:2375", {}).tls);
  CHECK(endpoint_of("tcp://h1:4000", {}).tls);
  CHECK_FALSE(endpoint_of("tcp://h1:4000", {.tls = false}).tls);
  const auto six = endpoint_of("tcp://[fd00::7]:2376", {});
  CHECK(six.host == "fd00::7");
  CHECK(six.port == 2376);
}

TEST_CASE("what is no endpoint says how to write one") {
  CHECK(refusal_of("ssh://h1") ==
        R"(the endpoint "ssh://h1" is an ssh one: open the connection with ssh.connect and give it as via, with )"
        R"("unix:///run/docker.sock")");
  CHECK(refusal_of("tcp://:2376") == R"(the endpoint "tcp://:2376" names no host: write tcp://HOST:PORT)");
  CHECK(refusal_of("tcp://[::1:2376") == R"(the endpoint "tcp://[::1:2376" has no ] after its address)");
  CHECK(refusal_of("unix:///a", {.tls = true}) == R"(the endpoint "unix:///a" is a Unix socket, which speaks no TLS)");
  CHECK(refusal_of("tcp://h1", {.key_file = "/k"}) == "key_file is given, but no cert_file that belongs to it");
  CHECK(refusal_of("tcp://h1", {.tls = false, .ca_file = "/ca"}) == "certificates are given, but tls is false");
}

TEST_CASE("without an endpoint the environment is asked, as the docker command does") {
  unsetenv("DOCKER_HOST");
  CHECK(endpoint_of(std::nullopt, {}).path == "/var/run/docker.sock");
  {
    const Environment set({{"DOCKER_HOST", "tcp://h2:2376"}, {"DOCKER_TLS_VERIFY", "1"}, {"DOCKER_CERT_PATH", "/c"}});
    const auto endpoint = endpoint_of(std::nullopt, {});
    CHECK(endpoint.host == "h2");
    CHECK(endpoint.tls->ca == "/c/ca.pem");
    CHECK(endpoint_of("unix:///x", {}).path == "/x");
  }
  {
    // Certificates alone ask for TLS, and are used; without them the machine's authorities are.
    const Environment set({{"DOCKER_HOST", "tcp://h2:4243"}, {"DOCKER_CERT_PATH", "/c"}});
    CHECK(endpoint_of(std::nullopt, {}).tls->key == "/c/key.pem");
    CHECK(endpoint_of(std::nullopt, {.tls = false}).tls == std::nullopt);
  }
  {
    const Environment set({{"DOCKER_HOST", "tcp://h2:2375"}, {"DOCKER_CERT_PATH", "/c"}});
    CHECK_FALSE(endpoint_of(std::nullopt, {}).tls);
  }
  {
    const Environment set({{"DOCKER_HOST", "tcp://h2:4243"}, {"DOCKER_TLS", "1"}, {"HOME", "/home/a"}});
    CHECK(endpoint_of(std::nullopt, {}).tls->ca == "/home/a/.docker/ca.pem");
    CHECK(endpoint_of(std::nullopt, {}).tls->verify);
  }
  {
    const Environment set({{"DOCKER_HOST", "tcp://h2:2376"}, {"HOME", "/home/a"}});
    CHECK(endpoint_of(std::nullopt, {}).tls->ca.empty());
  }
  using Variables = std::vector<std::pair<const char*, const char*>>;
  const Environment plain(Variables{{"DOCKER_HOST", "tcp://h2:4243"}});
  CHECK_FALSE(endpoint_of(std::nullopt, {}).tls);
}

TEST_CASE("versions of the API compare as numbers") {
  CHECK(api_number("1.23") == 1023);
  CHECK(*api_number("1.9") < *api_number("1.40"));
  for (const char* bad : {"", "1", "1.", "a.b", "1.23x", "0.1", "1.1000"}) CHECK_FALSE(api_number(bad));
}
