#pragma once
// The members of a log line in JSON.
#include <string>
#include <string_view>

namespace opshost {

/// Appends `text` as a JSON string. What is no UTF-8 becomes U+FFFD: a reader must not stumble over a server's bytes.
void append_json_string(std::string& json, std::string_view text);

}  // namespace opshost
