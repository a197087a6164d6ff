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

/// True for a text that only says where a secret is: "env:NAME", "file:PATH", "command:PROGRAM ARGUMENT...", "input".
bool is_secret_reference(std::string_view text);

/// The values to blank: behind IDENTIFIED BY, SET PASSWORD ... = and PASSWORD(, of scheme://name:value@host, and of
/// NAME=value, "NAME": "value", NAME = "value" where the name is a secret's; a number of six digits or more counts as
/// one. Quotes may be escaped, as they are in JSON. References stay.
std::vector<TextRange> find_secret_values(std::string_view text);

/// True for a text or number in a field of a secret's name that is no reference.
bool is_secret_field(std::string_view name, const Value& value);

}  // namespace opshost
