#include "bindings/http/url.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "bindings/http/lower.hpp"
#include "host/base/error.hpp"

namespace opshost::http {

namespace {

constexpr std::uint16_t kPlainPort = 80;
constexpr std::uint16_t kSecurePort = 443;

/// Rather too much than a part of the password, where it is not clear where that ends.
std::string without_password(const std::string& text) {
  const auto scheme = text.find("://");
  const auto colon = text.find(':', scheme == std::string::npos ? 0 : scheme + 3);
  const auto end = text.rfind('@');
  if (end == std::string::npos || colon == std::string::npos || colon > end) return text;
  return text.substr(0, colon + 1) + "***" + text.substr(end);
}

[[noreturn]] void refuse(const std::string& text, const std::string& why) {
  throw Error("usage.argument", "the address " + describe(Value(without_password(text))) + " " + why);
}

std::string bracketed(const std::string& host) { return host.find(':') == std::string::npos ? host : "[" + host + "]"; }

int hex_value(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

std::string unescaped(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape =
        text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0;
    plain += escape ? static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2])) : text[i];
    if (escape) i += 2;
  }
  return plain;
}

std::uint16_t port_of(const std::string& text, std::string_view digits) {
  unsigned port = 0;
  const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (problem != std::errc() || end != digits.data() + digits.size() || port == 0 || port > 65535) {
    refuse(text, "has no port from 1 to 65535");
  }
  return static_cast<std::uint16_t>(port);
}

void read_authority(Url& url, const std::string& text, std::string_view authority) {
  if (const auto at = authority.rfind('@'); at != std::string_view::npos) {
    url.user_info = unescaped(authority.substr(0, at));
    authority.remove_prefix(at + 1);
  }
  std::string_view port;
  if (authority.starts_with('[')) {
    const auto end = authority.find(']');
    if (end == std::string_view::npos) refuse(text, "has no ] after its IPv6 address");
    url.host = authority.substr(1, end - 1);
    authority.remove_prefix(end + 1);
    if (!authority.empty() && authority.front() != ':') refuse(text, "has something behind its IPv6 address");
    port = authority.empty() ? authority : authority.substr(1);
  } else {
    const auto colon = authority.find(':');
    url.host = authority.substr(0, colon);
    if (colon != std::string_view::npos) port = authority.substr(colon + 1);
  }
  if (url.host.empty()) refuse(text, "names no host");
  url.port = url.secure ? kSecurePort : kPlainPort;
  if (!port.empty()) url.port = port_of(text, port);
}

}  // namespace

std::string Url::origin() const {
  return (secure ? "https://" : "http://") + bracketed(host) + ":" + std::to_string(port);
}

std::string Url::host_header() const {
  const bool usual = port == (secure ? kSecurePort : kPlainPort);
  return usual ? bracketed(host) : bracketed(host) + ":" + std::to_string(port);
}

std::string Url::text() const { return (secure ? "https://" : "http://") + host_header() + target; }

Url parse_url(const std::string& text) {
  Url url;
  std::string_view rest = text;
  if (rest.starts_with("https://")) {
    url.secure = true;
    rest.remove_prefix(8);
  } else if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
  } else {
    refuse(text, "begins with neither http:// nor https://");
  }
  rest = rest.substr(0, rest.find('#'));
  const auto path = rest.find_first_of("/?");
  read_authority(url, text, rest.substr(0, path));
  url.target = path == std::string_view::npos ? "/" : std::string(rest.substr(path));
  if (url.target.starts_with('?')) url.target.insert(0, 1, '/');
  const auto misplaced = [](unsigned char byte) { return byte <= ' ' || byte >= 0x7f; };
  if (std::any_of(url.host.begin(), url.host.end(), misplaced))
    refuse(text, "has a host with spaces or other bytes no host has");
  if (std::any_of(url.target.begin(), url.target.end(), misplaced)) {
    refuse(text, "has spaces or other bytes in it that have to be written as %XX");
  }
  return url;
}

namespace {
/// RFC 3986, 3.1: what begins with a scheme is a whole address, of whatever kind.
bool has_scheme(const std::string& location) {
  const auto end = location.find_first_of(":/?#");
  return end != std::string::npos && end > 0 && location[end] == ':';
}
}  // namespace

Url resolve_url(const Url& base, const std::string& location) {
  try {
    if (has_scheme(location)) return parse_url(location);
    if (location.starts_with("//")) return parse_url((base.secure ? "https:" : "http:") + location);
    const std::string origin = base.origin();
    if (location.starts_with('/')) return parse_url(origin + location);
    const auto path = base.target.substr(0, base.target.find('?'));
    if (location.starts_with('?')) return parse_url(origin + path + location);
    return parse_url(origin + path.substr(0, path.rfind('/') + 1) + location);
  } catch (const Error&) {
    throw Error("http.redirect", base.text() + " redirects to " + describe(Value(without_password(location))) +
                                     ", which is no web address");
  }
}

bool is_excluded(const std::string& no_proxy, const std::string& named) {
  const std::string list = lower(no_proxy);
  const std::string host = lower(named);
  std::string_view rest = list;
  while (!rest.empty()) {
    auto entry = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), entry.size() + 1));
    while (entry.starts_with(' ')) entry.remove_prefix(1);
    while (entry.ends_with(' ')) entry.remove_suffix(1);
    if (entry == "*") return true;
    if (entry.starts_with('.')) entry.remove_prefix(1);
    if (entry.empty()) continue;
    if (host == entry) return true;
    if (host.size() > entry.size() && host.ends_with(entry) && host[host.size() - entry.size() - 1] == '.') return true;
  }
  return false;
}

}  // namespace opshost::http
