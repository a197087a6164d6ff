#pragma once
#include <cstddef>
#include <string_view>

namespace opshost {

/// True once there is a secret whose value redact() looks for.
bool has_secrets();

/// How many bytes at the end of the text may be the first of a secret whose others are not written yet.
std::size_t begun_secret_at_end(std::string_view text);

}  // namespace opshost
