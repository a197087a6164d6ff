#pragma once

namespace opshost {

/// True once there is a secret whose value redact() looks for.
bool has_secrets();

}  // namespace opshost
