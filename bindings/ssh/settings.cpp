#include "bindings/ssh/settings.hpp"

#include <algorithm>
#include <tuple>

#include "host/base/error.hpp"

namespace opshost::ssh {

namespace {

std::string opened(const Secret& secret) { return secret.empty() ? std::string() : secret.reveal(); }

auto comparable(const ConnectOptions& options) {
  return std::tuple(options.host, options.port, options.user, options.key, options.agent, net::way_of(options.via),
                    options.known_hosts, options.host_key, options.connect_timeout, options.timeout, options.keepalive,
                    opened(options.passphrase), opened(options.password));
}

}  // namespace

bool same_settings(const ConnectOptions& one, const ConnectOptions& other) {
  return comparable(one) == comparable(other);
}

std::string asked_name(const ConnectOptions& options) {
  const std::string port = options.port.value_or(22) == 22 ? std::string() : ":" + std::to_string(*options.port);
  return (options.user ? *options.user + "@" : std::string()) + options.host + port;
}

void check_settings(const ConnectOptions& options) {
  const auto refuse = [](const std::string& what) { throw Error("usage.argument", what); };
  const auto has_odd_byte = [](const std::string& text) {
    return std::any_of(text.begin(), text.end(), [](unsigned char letter) { return letter <= ' ' || letter == 0x7f; });
  };
  if (options.host.empty() || has_odd_byte(options.host)) {
    refuse("host is " + describe(Value(options.host)) + ", which is no name or address of a host");
  }
  if (options.user && (options.user->empty() || has_odd_byte(*options.user))) {
    refuse("user is " + describe(Value(*options.user)) + ", which is no name of a user");
  }
  if (options.port == std::uint16_t{0}) refuse("port is 0, which is no port");
  const std::string& rule = options.host_key;
  if (rule != kStrict && rule != kAcceptNew && !rule.starts_with("SHA256:")) {
    refuse("host_key is " + describe(Value(rule)) +
           "; it may be \"strict\", \"accept-new\", or the fingerprint that has to be there: \"SHA256:...\"");
  }
}

}  // namespace opshost::ssh
