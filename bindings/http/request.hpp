#pragma once
// Requests to web servers.
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "bindings/net/route.hpp"
#include "bindings/net/secret_text.hpp"
#include "host/base/secret.hpp"
#include "host/fiber/stream.hpp"
#include "host/lua/record.hpp"

namespace opshost::http {

enum class AnyStatus : std::uint8_t { any };
OPSHOST_ENUM(AnyStatus, "Every status is an answer", (any, "any"))
using AcceptedStatus = std::variant<std::vector<std::int64_t>, AnyStatus>;

struct RequestOptions {
  std::map<std::string, net::SecretText> headers{};
  std::optional<net::SecretText> body{};
  Any json{};
  std::optional<std::string> body_file{};
  std::optional<std::string> user{};
  std::optional<Secret> password{};
  std::optional<Secret> token{};
  AcceptedStatus accept = std::vector<std::int64_t>{};
  bool follow = true;
  Size max_body = 64_MiB;
  net::Via via{};
  std::optional<net::SecretText> proxy{};
  std::optional<std::string> ca_file{};
  std::optional<std::string> cert_file{};
  std::optional<std::string> key_file{};
  bool verify = true;
  Duration timeout = std::chrono::seconds(60);
  Duration connect_timeout = net::kConnectTimeout;
  bool repeatable = false;
};
OPSHOST_RECORD(
    RequestOptions, "How to ask",
    (headers,
     "headers to send, in place of ours of the same name; a redirect to another server takes along none but "
     "those that say what form the answer shall have"),
    (body, "bytes to send"), (json, "a table to send as JSON"), (body_file, "file of this machine to send"),
    (user, "login of Basic authentication"), (password, "its password"), (token, "a Bearer token"),
    (accept, "status codes that are an answer and no failure, or \"any\"; from 200 to 299 unless given"),
    (follow, "go where the server redirects, at most ten times; get and head alone do"),
    (max_body, "an answer with more is an error, not memory"), (via, "an ssh connection to reach it through"),
    (proxy,
     "\"http://proxy:3128\", with a login \"http://name:password@proxy:3128\", or \"none\"; from the environment "
     "(https_proxy, http_proxy, no_proxy) unless given. no_proxy lists names, with what is below them, and addresses; "
     "networks (\"10.0.0.0/8\") and ports in it are not understood"),
    (ca_file, "PEM file of the authorities to trust; those of this machine unless given"),
    (cert_file, "PEM file with a certificate to show the server"), (key_file, "PEM file with its key"),
    (verify,
     "false lets anybody answer in the server's place; the log warns of it, and the journal marks every change "
     "that is sent so"),
    (timeout, "how long we wait for the whole answer; of chunks, for the next one"),
    (connect_timeout, "how long one attempt to open a connection may take"),
    (repeatable, "of a change: sent again it ends in the same state, so a resume may send it again"))

struct Response {
  std::int64_t status = 0;
  std::string reason{};
  std::map<std::string, std::string> headers{};
  std::string body{};
  std::string url{};
};
OPSHOST_RECORD(Response, "What a web server answered", (status, "the status code"), (reason, "the words behind it"),
               (headers, "by name in lower case; of several with one name the values, with \", \" between"),
               (body, "the bytes"), (url, "where it came from, after redirects"))

struct Request {
  std::string method;
  std::string url;
  bool observes;
};

/// Throws Error with code http.status (detail: Response), http.unreachable, http.connection_lost, http.tls,
/// http.tls_file, http.protocol, http.too_large, http.redirect, http.file, usage.argument.
Awaitable<Response> ask(Call& call, Request request, RequestOptions options);

/// The body in pieces as they come.
Awaitable<Stream<std::string>> ask_in_chunks(Call& call, Request request, RequestOptions options);

}  // namespace opshost::http
