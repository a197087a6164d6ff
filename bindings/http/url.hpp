#pragma once
// Addresses of web servers.
#include <cstdint>
#include <optional>
#include <string>

namespace opshost::http {

struct Url {
  bool secure = false;
  std::string host{};
  std::uint16_t port = 0;
  std::string target{};     ///< path and query
  std::string user_info{};  ///< "name:password", unescaped; empty: none

  /// "https://h1:8443": what a connection belongs to.
  [[nodiscard]] std::string origin() const;
  /// The Host header: without the port where it is the usual one.
  [[nodiscard]] std::string host_header() const;
  /// Without user and password.
  [[nodiscard]] std::string text() const;
};

/// Throws Error("usage.argument") for what is no http:// or https:// address.
Url parse_url(const std::string& text);

/// What a Location header leads to from `base`. Throws Error("http.redirect").
Url resolve_url(const Url& base, const std::string& location);

/// Whether a list as in NO_PROXY ("localhost,.example.com,10.1.2.3,*") names the host, in whatever case. Networks
/// ("10.0.0.0/8") and ports are not understood.
bool is_excluded(const std::string& no_proxy, const std::string& named);

}  // namespace opshost::http
