#pragma once
#include "host/base/error.hpp"

namespace opshost {

/// The exit code of a run that ended with this error: that of its first cause with a meaning of its own (an answer
/// needed, unreachable, refused, a deadline), else 1 for the script's own errors and 2 for everything that failed.
int exit_code_of(const Error& error);

}  // namespace opshost
