#pragma once
#include "host/base/value.hpp"

namespace opshost::journal {

/// Who runs this and from where: {user, sudo_user, client, host, pid}; what is not known is left out.
Value identity();

/// "alice (as root) from 10.0.0.7 on jump1": one line of it.
std::string identity_text(const Value& identity);

}  // namespace opshost::journal
