#pragma once
// Secrets nobody registered, known by what stands before them: SQL's IDENTIFIED BY, a variable named PASSWORD.
#include <string_view>
#include <vector>

#include "host/base/unescape.hpp"
#include "host/base/value.hpp"

namespace opshost {

/// True for the name of a variable or field that holds a secret: DB_PASSWORD, api_token, AWS_SECRET_ACCESS_KEY. Not for
/// one that only says where the secret is: PASSWORD_FILE.
bool is_secret_name(std::string_view name);

/// The values to blank: behind IDENTIFIED BY and PASSWORD(, of scheme://name:value@host, and of NAME=value, "NAME":
/// "value", NAME = "value" where the name is a secret's. Quotes may be escaped, as they are in JSON.
std::vector<TextRange> find_secret_values(std::string_view text);

/// The value with "***" for each text in a field of a secret's name, as in {env = {DB_PASSWORD = "..."}}.
Value without_secret_fields(const Value& value);

}  // namespace opshost
