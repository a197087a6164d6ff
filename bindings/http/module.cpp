#include "bindings/http/module.hpp"

#include "bindings/http/request.hpp"
#include "bindings/net/named_error.hpp"
#include "host/json/document.hpp"
#include "host/json/to_lua.hpp"

namespace opshost::http {

namespace {

using namespace lua;

Awaitable<Response> get(Call& call, std::string url, RequestOptions options) {
  return ask(call, {"GET", std::move(url), true}, std::move(options));
}
Awaitable<Response> head(Call& call, std::string url, RequestOptions options) {
  return ask(call, {"HEAD", std::move(url), true}, std::move(options));
}
Awaitable<Response> post(Call& call, std::string url, RequestOptions options) {
  return ask(call, {"POST", std::move(url), false}, std::move(options));
}
Awaitable<Response> put(Call& call, std::string url, RequestOptions options) {
  return ask(call, {"PUT", std::move(url), false}, std::move(options));
}
Awaitable<Response> patch(Call& call, std::string url, RequestOptions options) {
  return ask(call, {"PATCH", std::move(url), false}, std::move(options));
}
Awaitable<Response> delete_resource(Call& call, std::string url, RequestOptions options) {
  return ask(call, {"DELETE", std::move(url), false}, std::move(options));
}
Awaitable<json::Document> get_json(Call& call, std::string url, RequestOptions options) {
  options.headers.try_emplace("Accept", "application/json");
  auto response = co_await get(call, url, std::move(options));
  co_return json::Document{.text = std::move(response.body), .nulls = json::Nulls::keep, .target = response.url};
}
Awaitable<Stream<std::string>> chunks(Call& call, std::string url, RequestOptions options) {
  return ask_in_chunks(call, {"GET", std::move(url), true}, std::move(options));
}

const Raises kRaises{"http.status",   "http.unreachable", "http.connection_lost", "http.tls",  "http.tls_file",
                     "http.protocol", "http.too_large",   "http.redirect",        "http.file", "http.permission"};

}  // namespace

void declare(Module& module) {
  module.subject("web server");
  module.doc(
      "Requests to web servers: http and https, certificates and their names verified, connections kept, redirects "
      "followed by what only reads, proxies from the environment (https_proxy, http_proxy, no_proxy) or through an ssh "
      "connection. `post`, `put`, `patch` and `delete` are changes and sent once.");
  module.example(
      "local http = require \"http\"\n"
      "local ops = require \"ops\"\n"
      "local _, err = ops.try(function() return http.get(\"http://127.0.0.1:9/\", { proxy = \"none\" }) end, { "
      "\"http.*\" })\n"
      "print(err.code)");
  module
      .observe("get", get, {{"url", "what to ask for"}, {"options", "headers, certificates, a proxy"}},
               "Ask for a document", kRaises, Returns{"the answer"})
      .observe("head", head, {{"url", "what to ask for"}, {"options", "headers, certificates, a proxy"}},
               "Ask what a document is, without its body", kRaises, Returns{"the answer, with an empty body"})
      .observe("get_json", get_json, {{"url", "what to ask for"}, {"options", "headers, certificates, a proxy"}},
               "Ask for a document in JSON", kRaises, Raises{"data.syntax"}, Returns{"what it says, null as ops.null"})
      .observe("chunks", chunks, {{"url", "what to ask for"}, {"options", "headers, certificates, a proxy"}},
               "Iterate over the pieces of a document as they come, however long it is", kRaises)
      .change("post", post, {{"url", "whom to send it"}, {"options", "what to send, and how"}}, "Send something",
              kRaises, Touches{"web server", 1}, Returns{"the answer"})
      .change("put", put, {{"url", "what to replace"}, {"options", "what to send, and how"}}, "Put something in place",
              kRaises, Touches{"web server", 1}, Returns{"the answer"})
      .change("patch", patch, {{"url", "what to change"}, {"options", "what to send, and how"}}, "Change something",
              kRaises, Touches{"web server", 1}, Returns{"the answer"})
      .destroy("delete", delete_resource, {{"url", "what to delete"}, {"options", "headers, certificates, a proxy"}},
               "Delete something", kRaises, Touches{"web server", 1}, Returns{"the answer"});
  module.error<Response>("http.status", "the server answered with a status that was not accepted",
                         "read its words in the message; list the status in `accept` where it is an answer");
  module.error("http.unreachable", "there is no server to talk to", "see whether it is started and where it listens");
  module.error("http.permission", "the operating system does not let us connect", "run opshost as a user that may");
  module.error("http.connection_lost", "the connection was lost in the middle",
               "err.maybe_applied tells whether a change may have been made");
  module.error<net::TlsRefusal>("http.tls", "the connection could not be secured",
                                "err.detail.problem says which side's certificate is the trouble");
  module.error("http.tls_file", "a certificate or key of ours cannot be used", "the message names the file");
  module.error("http.protocol", "what answered speaks no HTTP, or breaks off", "see what listens there");
  module.error("http.too_large", "the answer has more than max_body", "raise it, or use chunks");
  module.error("http.redirect", "the server redirects to where we do not go", "ask for the address the message names");
  module.error("http.file", "a file of this machine cannot be read", "correct the path");
  module.error("http.timeout", "there was no answer within `timeout`",
               "give it more time, or see what the server does");
}

}  // namespace opshost::http
