#pragma once
// Where an engine listens, and how a script says so.
#include <optional>
#include <string>

#include "bindings/net/route.hpp"
#include "bindings/net/tls.hpp"
#include "host/lua/record.hpp"

namespace opshost::docker {

struct ConnectOptions {
  std::optional<bool> tls{};
  std::optional<std::string> cert_path{};
  std::optional<std::string> ca_file{};
  std::optional<std::string> cert_file{};
  std::optional<std::string> key_file{};
  bool verify = true;
  net::Via via{};
  std::optional<std::string> api_version{};
  Duration connect_timeout = net::kConnectTimeout;
  std::optional<Duration> timeout{};
};
OPSHOST_RECORD(
    ConnectOptions, "How to reach an engine", (tls, "speak TLS over tcp://; true unless the port is 2375"),
    (cert_path, "folder with ca.pem, cert.pem and key.pem, as DOCKER_CERT_PATH names one"),
    (ca_file,
     "PEM file of the authorities that may sign the engine's certificate; those of this machine "
     "unless given"),
    (cert_file, "PEM file with the certificate to show the engine"), (key_file, "PEM file with its key, no passphrase"),
    (verify,
     "false lets anybody answer in the engine's place; the log warns of it, and the journal marks every change "
     "that is sent so"),
    (via, "an ssh connection to reach it through"),
    (api_version, "version of the API to speak: \"1.40\"; the newest that both sides know unless given"),
    (connect_timeout, "how long one attempt to open a connection may take"),
    (timeout, "for each call over it that is given none and has no default of its own; 60s unless given"))

struct Endpoint {
  std::string text{};  ///< as people write it: "tcp://h1:2376"
  std::string path{};  ///< of a Unix socket; empty: TCP
  std::string host{};
  std::uint16_t port = 0;
  std::optional<net::TlsFiles> tls{};
};

/// What docker.connect was given, completed by DOCKER_HOST, DOCKER_TLS, DOCKER_TLS_VERIFY and DOCKER_CERT_PATH where it
/// was given no endpoint. Throws Error("usage.argument").
Endpoint endpoint_of(const std::optional<std::string>& given, const ConnectOptions& options);

/// "1.40" and the like, as a number that compares: 1040. nullopt: it is no version.
std::optional<int> api_number(const std::string& version);

}  // namespace opshost::docker
