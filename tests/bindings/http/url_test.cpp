#include "bindings/http/url.hpp"

#include <doctest/doctest.h>

#include "bindings/http/basic_auth.hpp"
#include "host/base/error.hpp"

using namespace opshost;
using namespace opshost::http;

namespace {
std::string refusal_of(const std::string& text) {
  try {
    parse_url(text);
  } catch (const Error& error) {
    CHECK(error.code() == "usage.argument");
    return error.message();
  }
  return "accepted";
}
}  // namespace

TEST_CASE("the parts of an address") {
  const auto url = parse_url("https://us%40er:p%3Aw@h1:8443/a/b?c=d#fragment");
  CHECK(url.secure);
  CHECK(url.host == "h1");
  CHECK(url.port == 8443);
  CHECK(url.target == "/a/b?c=d");
  CHECK(url.user_info == "us@er:p:w");
  CHECK(url.text() == "https://h1:8443/a/b?c=d");
  CHECK(parse_url("http://h1").host_header() == "h1");
  CHECK(parse_url("http://h1?q").target == "/?q");
  CHECK(parse_url("http://[::1]:80/").host_header() == "[::1]");
  CHECK(parse_url("http://[::1]:80/").origin() == "http://[::1]:80");
}

TEST_CASE("what is no address says why") {
  CHECK(refusal_of("ftp://h1/") == R"(the address "ftp://h1/" begins with neither http:// nor https://)");
  CHECK(refusal_of("http:///x") == R"(the address "http:///x" names no host)");
  CHECK(refusal_of("http://h1:0/") == R"(the address "http://h1:0/" has no port from 1 to 65535)");
  CHECK(refusal_of("http://h1/a b") ==
        R"(the address "http://h1/a b" has spaces or other bytes in it that have to be written as %XX)");
  CHECK(refusal_of("http://h 1/") == R"(the address "http://h 1/" has a host with spaces or other bytes no host has)");
}

TEST_CASE("where a redirect leads") {
  const auto base = parse_url("https://h1:8443/a/b?c=d");
  CHECK(resolve_url(base, "/x").text() == "https://h1:8443/x");
  CHECK(resolve_url(base, "x").text() == "https://h1:8443/a/x");
  CHECK(resolve_url(base, "?y=z").text() == "https://h1:8443/a/b?y=z");
  CHECK(resolve_url(base, "//h2/x").text() == "https://h2/x");
  CHECK(resolve_url(base, "http://h3").text() == "http://h3/");
  CHECK_THROWS_AS(resolve_url(base, "http://"), Error);
  // Nor is what begins with another scheme a path.
  for (const char* other : {"file:///etc/passwd", "gopher://h3/", "javascript:alert(1)"}) {
    CHECK_THROWS_WITH_AS(
        resolve_url(base, other),
        ("https://h1:8443/a/b?c=d redirects to \"" + std::string(other) + "\", which is no web address").c_str(),
        Error);
  }
  CHECK(resolve_url(base, "./x:y").text() == "https://h1:8443/a/./x:y");
}

TEST_CASE("which hosts a proxy is not asked for") {
  CHECK(is_excluded("localhost, .example.com,10.1.2.3", "localhost"));
  CHECK(is_excluded(".example.com", "www.example.com"));
  CHECK(is_excluded("example.com", "example.com"));
  CHECK(is_excluded("Example.COM", "www.example.com"));
  CHECK(is_excluded(".corp", "DB1.Corp"));
  CHECK(is_excluded("*", "anything"));
  CHECK_FALSE(is_excluded("10.0.0.0/8", "10.1.2.3"));
  CHECK_FALSE(is_excluded("example.com", "notexample.com"));
  CHECK_FALSE(is_excluded("", "h1"));
}

TEST_CASE("Basic authentication") {
  CHECK(basic_auth("") == "Basic ");
  CHECK(basic_auth("a") == "Basic YQ==");
  CHECK(basic_auth("ab") == "Basic YWI=");
  CHECK(basic_auth("name:pass") == "Basic bmFtZTpwYXNz");
}
