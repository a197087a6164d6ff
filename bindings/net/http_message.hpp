#pragma once
// Requests and answers of HTTP/1.1 as data.
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/fiber/call.hpp"

namespace opshost::net {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method = "GET";
  std::string target = "/";  ///< path and query, escaped
  HttpHeaders headers{};     ///< beside Content-Length and Transfer-Encoding; one named Host replaces the client's
  std::string body{};
  /// In place of `body`: its pieces, an empty one at the end. Sent in chunks unless `body_size` says how much it is: of
  /// a longer one the rest is left out, a shorter one is Error("net.file").
  std::function<Awaitable<std::string>(Call&)> body_source{};
  std::optional<std::uint64_t> body_size{};
  /// It reads only, so it is sent a second time where a kept connection turns out to be dead.
  bool observes = true;
  /// Its answer lasts: a log that is followed, a wait. It gets a connection beside those that are shared.
  bool lasts = false;
  /// It may take long to be answered, as stopping something does: after a second it no longer counts among those that
  /// share the connections, so that many of them do not hold up the others, nor each other.
  bool slow = false;
};

struct HttpHead {
  unsigned status = 0;
  std::string reason{};
  HttpHeaders headers{};

  /// The first header of that name, whatever its case; nullptr: there is none.
  [[nodiscard]] const std::string* header(std::string_view name) const;
};

/// `text` as one segment of a path or one value of a query: all but letters, digits and "-._~" becomes %XX.
std::string percent_encoded(std::string_view text);

/// Start line and headers as they go over the wire. `host` is the Host header.
/// Throws Error("usage.argument") for a method, target or header with a line break or other bytes that do not belong.
std::string request_head(const HttpRequest& request, const std::string& host);

}  // namespace opshost::net
