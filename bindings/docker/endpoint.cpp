#include "bindings/docker/endpoint.hpp"

#include <charconv>
#include <cstdlib>
#include <string_view>

namespace opshost::docker {

namespace {

constexpr std::string_view kDefaultEndpoint = "unix:///var/run/docker.sock";
constexpr std::uint16_t kTlsPort = 2376;
constexpr std::uint16_t kPlainPort = 2375;

[[noreturn]] void refuse(const std::string& what) { throw Error("usage.argument", what); }

std::string shown(const std::string& text) { return describe(Value(text)); }

std::optional<std::string> environment(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

template <class Number>
std::optional<Number> number_of(std::string_view text) {
  Number number{};
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// "h1:2376", "[fd00::7]:2376", "h1"
void read_address(Endpoint& endpoint, std::string_view address) {
  while (address.ends_with('/')) address.remove_suffix(1);
  std::string_view port;
  if (address.starts_with('[')) {
    const auto end = address.find(']');
    if (end == std::string_view::npos) refuse("the endpoint " + shown(endpoint.text) + " has no ] after its address");
    endpoint.host = address.substr(1, end - 1);
    address.remove_prefix(end + 1);
    if (address.starts_with(':')) port = address.substr(1);
  } else {
    const auto colon = address.find(':');
    endpoint.host = address.substr(0, colon);
    if (colon != std::string_view::npos) port = address.substr(colon + 1);
  }
  if (endpoint.host.empty() || endpoint.host.find('/') != std::string::npos) {
    refuse("the endpoint " + shown(endpoint.text) + " names no host: write tcp://HOST:PORT");
  }
  if (port.empty()) return;
  const auto number = number_of<std::uint16_t>(port);
  if (!number || *number == 0) refuse("the endpoint " + shown(endpoint.text) + " has no port from 1 to 65535");
  endpoint.port = *number;
}

net::TlsFiles tls_files(const ConnectOptions& options) {
  net::TlsFiles files{.verify = options.verify};
  if (options.cert_path) {
    files = {.ca = *options.cert_path + "/ca.pem",
             .certificate = *options.cert_path + "/cert.pem",
             .key = *options.cert_path + "/key.pem",
             .verify = options.verify};
  }
  if (options.ca_file) files.ca = *options.ca_file;
  if (options.cert_file) files.certificate = *options.cert_file;
  if (options.key_file) files.key = *options.key_file;
  if (files.certificate.empty() && !files.key.empty()) refuse("key_file is given, but no cert_file that belongs to it");
  return files;
}

bool names_tls_files(const ConnectOptions& options) {
  return options.cert_path || options.ca_file || options.cert_file || options.key_file;
}

/// As the docker command reads its environment, but that certificates alone ask for TLS as well, and that DOCKER_TLS
/// without DOCKER_TLS_VERIFY does not keep us from verifying.
void complete_from_environment(ConnectOptions& options, std::uint16_t port) {
  const auto folder = environment("DOCKER_CERT_PATH");
  const bool asked = environment("DOCKER_TLS_VERIFY") || environment("DOCKER_TLS");
  if (!options.tls && !names_tls_files(options)) {
    options.tls = asked || port == kTlsPort || (folder && port != kPlainPort);
  }
  if (names_tls_files(options) || !options.tls.value_or(false)) return;
  options.cert_path = folder;
  const auto home = environment("HOME");
  if (!folder && asked && home) options.cert_path = *home + "/.docker";
}

}  // namespace

Endpoint endpoint_of(const std::optional<std::string>& given, const ConnectOptions& given_options) {
  ConnectOptions options = given_options;
  if (options.api_version && !api_number(*options.api_version)) {
    refuse("api_version is " + shown(*options.api_version) + "; write it as \"1.40\"");
  }
  Endpoint endpoint;
  const bool from_environment = !given;
  endpoint.text = given.value_or(environment("DOCKER_HOST").value_or(std::string(kDefaultEndpoint)));
  const std::string_view text = endpoint.text;
  if (text.starts_with("unix://")) {
    endpoint.path = text.substr(7);
    if (!endpoint.path.starts_with('/')) refuse("the endpoint " + shown(endpoint.text) + " names no absolute path");
    if (options.tls.value_or(false) || names_tls_files(options)) {
      refuse("the endpoint " + shown(endpoint.text) + " is a Unix socket, which speaks no TLS");
    }
    return endpoint;
  }
  if (text.starts_with("ssh://")) {
    refuse("the endpoint " + shown(endpoint.text) +
           " is an ssh one: open the connection with ssh.connect and give it as via, with \"unix:///run/docker.sock\"");
  }
  if (!text.starts_with("tcp://")) {
    refuse("the endpoint is " + shown(endpoint.text) + "; write unix:///PATH or tcp://HOST:PORT");
  }
  read_address(endpoint, text.substr(6));
  if (from_environment) complete_from_environment(options, endpoint.port);
  const bool secure = options.tls.value_or(endpoint.port != kPlainPort || names_tls_files(options));
  if (endpoint.port == 0) endpoint.port = secure ? kTlsPort : kPlainPort;
  if (secure) {
    endpoint.tls = tls_files(options);
  } else if (names_tls_files(options)) {
    refuse("certificates are given, but tls is false");
  }
  return endpoint;
}

std::optional<int> api_number(const std::string& version) {
  const auto point = version.find('.');
  if (point == std::string::npos) return std::nullopt;
  const auto major = number_of<int>(std::string_view(version).substr(0, point));
  const auto minor = number_of<int>(std::string_view(version).substr(point + 1));
  if (!major || !minor || *major < 1 || *minor < 0 || *minor > 999) return std::nullopt;
  return *major * 1000 + *minor;
}

}  // namespace opshost::docker
