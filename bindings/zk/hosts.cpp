#include "bindings/zk/hosts.hpp"

#include <algorithm>
#include <charconv>

namespace opshost::zk {

namespace {

[[noreturn]] void refuse(std::string_view text, const std::string& why) {
  throw Error("usage.argument", "hosts: " + describe(Value(std::string(text))) + " " + why);
}

std::uint16_t parse_port(std::string_view whole, std::string_view digits) {
  std::uint16_t port = 0;
  const auto* end = digits.data() + digits.size();
  const auto [rest, failure] = std::from_chars(digits.data(), end, port);
  if (failure != std::errc() || rest != end || port == 0) refuse(whole, "has no port from 1 to 65535 after its \":\"");
  return port;
}

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(' ');
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(' ') - begin + 1);
}

void check_host(std::string_view whole, std::string_view host) {
  if (host.empty()) refuse(whole, "names no server");
  const auto is_odd = [](unsigned char c) { return c <= ' ' || c == 0x7f || c == '[' || c == ']'; };
  if (std::any_of(host.begin(), host.end(), is_odd)) refuse(whole, "has a character in it that no host's name has");
}

HostPort parse_bracketed(std::string_view text) {
  const auto bracket = text.find(']');
  if (bracket == std::string_view::npos) refuse(text, "has a \"[\" without its \"]\"");
  HostPort server{.host = std::string(text.substr(1, bracket - 1))};
  const auto rest = text.substr(bracket + 1);
  if (rest.empty()) return server;
  if (rest.front() != ':') refuse(text, "has something else than \":\" and a port after its \"]\"");
  server.port = parse_port(text, rest.substr(1));
  return server;
}

HostPort parse_server(std::string_view text) {
  if (text.find('/') != std::string_view::npos) refuse(text, "has a path in it; say chroot = \"/...\" for that");
  if (text.starts_with('[')) return parse_bracketed(text);
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return {.host = std::string(text)};
  if (text.find(':', colon + 1) != std::string_view::npos) return {.host = std::string(text)};  // a bare IPv6 address
  if (colon == 0) refuse(text, "has no host before its \":\"");
  return {.host = std::string(text.substr(0, colon)), .port = parse_port(text, text.substr(colon + 1))};
}

void parse_list(std::string_view text, std::vector<HostPort>& servers) {
  for (bool more = true; more;) {
    const auto comma = text.find(',');
    const auto server = trimmed(text.substr(0, comma));
    servers.push_back(parse_server(server));
    check_host(server, servers.back().host);
    more = comma != std::string_view::npos;
    if (more) text.remove_prefix(comma + 1);
  }
}

}  // namespace

std::string text_of(const HostPort& server) {
  const bool is_ipv6 = server.host.find(':') != std::string::npos;
  return (is_ipv6 ? "[" + server.host + "]" : server.host) + ":" + std::to_string(server.port);
}

std::vector<HostPort> parse_hosts(const Hosts& hosts) {
  std::vector<HostPort> servers;
  if (const auto* text = std::get_if<std::string>(&hosts)) {
    parse_list(*text, servers);
  } else {
    for (const auto& item : std::get<std::vector<std::string>>(hosts)) parse_list(item, servers);
  }
  if (servers.empty()) throw Error("usage.argument", "hosts: the list is empty; name at least one server");
  return servers;
}

}  // namespace opshost::zk
