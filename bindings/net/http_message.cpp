#include "bindings/net/http_message.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace opshost::net {

namespace {

bool is_token(std::string_view text) {
  constexpr std::string_view kSpecials = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](unsigned char byte) {
    return (byte < 0x80 && std::isalnum(byte) != 0) ||
           kSpecials.find(static_cast<char>(byte)) != std::string_view::npos;
  });
}

bool is_target(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](unsigned char byte) { return byte > ' ' && byte < 0x7f; });
}

bool is_field_value(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](unsigned char byte) { return byte == '\t' || (byte >= ' ' && byte != 0x7f); });
}

bool same_name(std::string_view one, std::string_view other) {
  return std::equal(one.begin(), one.end(), other.begin(), other.end(),
                    [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); });
}

void check(const HttpRequest& request) {
  const auto refuse = [](const std::string& what) {
    throw Error("usage.argument", what + ", which no HTTP request can carry");
  };
  if (!is_token(request.method)) refuse("the method is " + describe(Value(request.method)));
  if (!is_target(request.target)) refuse("the path is " + describe(Value(request.target)));
  int hosts = 0;
  for (const auto& [name, value] : request.headers) {
    if (!is_token(name)) refuse("a header is named " + describe(Value(name)));
    if (!is_field_value(value)) refuse("the header " + name + " has a line break or another control character");
    // Two ideas of where a request ends are how another one is smuggled in.
    if (same_name(name, "Content-Length") || same_name(name, "Transfer-Encoding")) {
      throw Error("usage.argument", "the header " + name + " is the client's own");
    }
    if (same_name(name, "Host") && ++hosts > 1) refuse("the header Host is there twice");
  }
}

void add_field(std::string& text, std::string_view name, std::string_view value) {
  text.append(name).append(": ").append(value).append("\r\n");
}

bool may_have_body(std::string_view method) { return method != "GET" && method != "HEAD"; }

}  // namespace

const std::string* HttpHead::header(std::string_view name) const {
  for (const auto& [field, value] : headers) {
    if (same_name(field, name)) return &value;
  }
  return nullptr;
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string encoded;
  for (const char character : text) {
    const auto byte = static_cast<unsigned char>(character);
    if ((byte < 0x80 && std::isalnum(byte) != 0) ||
        std::string_view("-._~").find(character) != std::string_view::npos) {
      encoded += character;
    } else {
      encoded += {'%', kDigits[byte >> 4U], kDigits[byte & 15U]};
    }
  }
  return encoded;
}

std::string request_head(const HttpRequest& request, const std::string& host) {
  check(request);
  std::string text = request.method + ' ' + request.target + " HTTP/1.1\r\n";
  const bool has_host = std::any_of(request.headers.begin(), request.headers.end(),
                                    [](const auto& header) { return same_name(header.first, "Host"); });
  if (!has_host) add_field(text, "Host", host);
  for (const auto& [name, value] : request.headers) add_field(text, name, value);
  if (request.body_source && !request.body_size) {
    add_field(text, "Transfer-Encoding", "chunked");
  } else if (request.body_source || !request.body.empty() || may_have_body(request.method)) {
    add_field(text, "Content-Length", std::to_string(request.body_size.value_or(request.body.size())));
  }
  return text + "\r\n";
}

}  // namespace opshost::net
