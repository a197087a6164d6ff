#pragma once
// A text that a script may as well give as a secret: the value of a header, a variable, what a program reads.
#include <string>
#include <variant>

#include "host/base/secret.hpp"

namespace opshost::net {

using SecretText = std::variant<std::string, Secret>;

inline bool is_secret(const SecretText& text) { return std::holds_alternative<Secret>(text); }

/// Call it where the text is used, never to keep or to print it.
inline const std::string& reveal(const SecretText& text) {
  const auto* secret = std::get_if<Secret>(&text);
  return secret != nullptr ? secret->reveal() : std::get<std::string>(text);
}

}  // namespace opshost::net
