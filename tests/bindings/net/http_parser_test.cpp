#include "bindings/net/http_parser.hpp"

#include <doctest/doctest.h>

#include "host/base/error.hpp"

using namespace opshost;
using namespace opshost::net;

namespace {

struct Parsed {
  HttpParser parser{false};
  std::string body{};
  std::string rest{};
};

/// Feeds `bytes` in pieces of `step`, as a connection would: what is left over comes again with more behind it.
Parsed parse(std::string_view bytes, std::size_t step, bool has_no_body = false) {
  Parsed parsed{.parser = HttpParser(has_no_body)};
  std::string pending;
  while (!bytes.empty()) {
    pending += bytes.substr(0, step);
    bytes.remove_prefix(std::min(step, bytes.size()));
    for (std::size_t taken = 1; taken > 0 && !pending.empty();) {
      taken = parsed.parser.feed(pending, parsed.body);
      pending.erase(0, taken);
    }
  }
  parsed.rest = pending;
  return parsed;
}

constexpr std::string_view kChunked =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\nX-Twice: a\r\n\r\n"
    "5\r\nhello\r\n6;name=value\r\n world\r\n0\r\nTrailer: t\r\n\r\n";

}  // namespace

TEST_CASE("an answer reads the same whatever the pieces it comes in") {
  for (std::size_t step = 1; step <= kChunked.size(); ++step) {
    const auto parsed = parse(kChunked, step);
    CAPTURE(step);
    CHECK(parsed.parser.stage() == HttpParser::Stage::done);
    CHECK(parsed.body == "hello world");
    CHECK(parsed.parser.head().status == 200);
    CHECK(*parsed.parser.head().header("content-TYPE") == "text/plain");
    CHECK(parsed.parser.head().header("absent") == nullptr);
    CHECK(parsed.parser.keeps_alive());
    CHECK(parsed.rest.empty());
  }
}

TEST_CASE("chunks with nothing before the last one, whatever the pieces") {
  constexpr std::string_view kEmpty = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
  for (std::size_t step = 1; step <= kEmpty.size(); ++step) {
    const auto parsed = parse(kEmpty, step);
    CAPTURE(step);
    CHECK(parsed.parser.stage() == HttpParser::Stage::done);
    CHECK(parsed.body.empty());
  }
}

TEST_CASE("what follows an answer is left") {
  const auto parsed = parse("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1", 1000);
  CHECK(parsed.body == "ok");
  CHECK(parsed.rest == "HTTP/1.1");
}

TEST_CASE("an upgraded connection's bytes are left, an answer to HEAD has no body") {
  const auto upgraded = parse("HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nraw", 1000);
  CHECK(upgraded.parser.stage() == HttpParser::Stage::done);
  CHECK(upgraded.rest == "raw");
  const auto head = parse("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", 1000, true);
  CHECK(head.parser.stage() == HttpParser::Stage::done);
}

TEST_CASE("a body without a length ends with the connection; one with a length or in chunks must not") {
  auto open = parse("HTTP/1.1 200 OK\r\n\r\nall there is", 7);
  CHECK(open.body == "all there is");
  CHECK(open.parser.stage() == HttpParser::Stage::body);
  CHECK_FALSE(open.parser.keeps_alive());
  CHECK(open.parser.end());
  for (const std::string_view cut : {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf",
                                     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhal", "HTTP/1.1 20"}) {
    auto parsed = parse(cut, 1000);
    CAPTURE(cut);
    CHECK_FALSE(parsed.parser.end());
  }
}

TEST_CASE("what is no HTTP is refused with what it reads like") {
  try {
    parse("SSH-2.0-OpenSSH_9.2\r\n", 1000);
    FAIL("nothing was thrown");
  } catch (const Error& error) {
    CHECK(error.code() == "net.protocol");
    CHECK(error.message() == R"(the answer is no HTTP (bad version); it reads "SSH-2.0-OpenSSH_9.2\r\n")");
  }
  CHECK_THROWS_AS(parse("HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n", 1000), Error);
  CHECK_THROWS_AS(parse("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n", 1000), Error);
  CHECK_THROWS_AS(parse("HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x') + "\r\n\r\n", 4096), Error);
}

TEST_CASE("requests as they go over the wire") {
  CHECK(request_head({.target = "/a?b=c"}, "h1:8080") == "GET /a?b=c HTTP/1.1\r\nHost: h1:8080\r\n\r\n");
  CHECK(request_head({.method = "POST", .headers = {{"X-A", "b"}}, .body = "four"}, "h1") ==
        "POST / HTTP/1.1\r\nHost: h1\r\nX-A: b\r\nContent-Length: 4\r\n\r\n");
  CHECK(request_head({.method = "DELETE"}, "h1") == "DELETE / HTTP/1.1\r\nHost: h1\r\nContent-Length: 0\r\n\r\n");
  CHECK_THROWS_AS(request_head({.target = "/a b"}, "h1"), Error);
  CHECK_THROWS_AS(request_head({.headers = {{"X", "a\r\nY: b"}}}, "h1"), Error);
  CHECK_THROWS_AS(request_head({.headers = {{"X:", "a"}}}, "h1"), Error);
  CHECK_THROWS_AS(request_head({.method = "GET /"}, "h1"), Error);
  CHECK(percent_encoded("a/b c-._~\xff%") == "a%2Fb%20c-._~%FF%25");
}
