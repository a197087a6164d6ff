#pragma once
// Secrets from outside. None of the values is in an error.
#include <string>

#include "host/base/secret.hpp"
#include "host/fiber/call.hpp"

namespace opshost {

/// Throws Error secret.not_found where the variable is not set, or empty.
Secret secret_from_environment(const std::string& name);

/// A file only its owner can read, and that owner is we or root; a line break at its end is no part of the secret.
/// Throws Error secret.not_found, secret.not_private, secret.empty, secret.too_large, secret.not_readable.
Awaitable<Secret> secret_from_file(Call& call, std::string path);

/// What a person types, unseen. Throws Error answer.needed where nobody is there, secret.empty.
Awaitable<Secret> secret_from_person(Call& call, std::string question);

/// Without the line break at its end, and named by where it is from. Throws Error secret.empty.
Secret make_secret(std::string value, const std::string& origin);

}  // namespace opshost
