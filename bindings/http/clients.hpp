#pragma once
// The clients of web servers a loop has, and the way to one: proxies, TLS, jump hosts.
#include <map>
#include <memory>
#include <string>

#include "bindings/http/request.hpp"
#include "bindings/http/url.hpp"
#include "bindings/net/http_client.hpp"

namespace opshost::http {

/// The proxy for an address: what the options say, else the environment. nullopt: none.
std::optional<Url> proxy_for(const Url& url, const RequestOptions& options);

/// The client for an address; those of one origin and the same options are one, as long as the loop lives, or the
/// host that was given as `via` is open.
std::shared_ptr<net::HttpClient> client_for(Call& call, const Url& url, const RequestOptions& options);

}  // namespace opshost::http
