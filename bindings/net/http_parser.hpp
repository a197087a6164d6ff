#pragma once
// Reads one answer of HTTP/1.1 from bytes as they come.
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "bindings/net/http_message.hpp"

namespace opshost::net {

class HttpParser {
 public:
  enum class Stage : std::uint8_t { head, body, done };

  /// `has_no_body`: the answer to a HEAD.
  explicit HttpParser(bool has_no_body);
  ~HttpParser();
  HttpParser(HttpParser&&) noexcept;
  HttpParser& operator=(HttpParser&&) noexcept;

  /// Takes bytes from the front of `bytes` and appends what is body to `body`. Returns how many it took: what it left
  /// comes first the next time, or belongs to what follows this answer. It stops behind the head once.
  /// Throws Error("net.protocol") for what is no HTTP.
  std::size_t feed(std::string_view bytes, std::string& body);
  /// Nothing more comes. False: the answer may not end that way.
  [[nodiscard]] bool end();

  [[nodiscard]] Stage stage() const;
  /// Bytes have come that belong to the answer.
  [[nodiscard]] bool begun() const;
  /// Once stage() is past head.
  [[nodiscard]] const HttpHead& head() const;
  /// Another answer may follow on the connection.
  [[nodiscard]] bool keeps_alive() const;

 private:
  class Machine;
  std::unique_ptr<Machine> machine_;
};

}  // namespace opshost::net
