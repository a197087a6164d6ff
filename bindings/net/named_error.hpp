#pragma once
// What net throws, under the name of the binding that asked.
#include <string>

#include "host/base/error.hpp"
#include "host/lua/record.hpp"

namespace opshost::net {

struct TlsRefusal {
  std::string problem{};
};
OPSHOST_RECORD(TlsRefusal, "Why a connection was not secured",
               (problem,
                "\"expired\", \"not_yet_valid\", \"name_mismatch\", \"unknown_ca\", \"revoked\", \"invalid\", "
                "\"client_wanted\", \"client_refused\", \"no_tls\" or \"protocol\""))

/// Of what net threw: `module`.unreachable, .permission, .connection_lost, .tls (with a TlsRefusal), .tls_file,
/// .protocol, .too_large or .file. Anything else stays as it is. Keeps maybe_applied.
Error named_error(const std::string& module, const Error& failure, const std::string& target);

}  // namespace opshost::net
