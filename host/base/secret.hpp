#pragma once
// A value only a binding may open; everything written by opshost shows "***" in its place.
#include <memory>
#include <string>
#include <string_view>

namespace opshost {

class Secret {
 public:
  Secret() = default;
  /// Registers the value for redaction before anything can print it. `origin` says where it came from ("env
  /// MYSQL_PASSWORD") and is what a person sees: never the value.
  Secret(std::string value, std::string origin);

  /// The secret itself. Call it where the value is used, never to keep or to print it.
  [[nodiscard]] const std::string& reveal() const;
  [[nodiscard]] const std::string& origin() const;
  /// What stands in its place wherever it is shown.
  [[nodiscard]] std::string shown() const { return "***"; }
  [[nodiscard]] bool empty() const { return !state_; }

 private:
  struct State;
  std::shared_ptr<const State> state_;
};

/// The text with every registered secret (from 6 characters on; shorter ones would blank ordinary words) replaced by
/// "***", also where it stands base64, URL- or JSON-escaped; and the values of secrets' names (secret_patterns.hpp).
std::string redact(std::string_view text);

}  // namespace opshost
