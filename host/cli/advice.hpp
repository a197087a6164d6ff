#pragma once
#include <string>

#include "host/runtime.hpp"

namespace opshost::cli {

/// What a person does about an error, without a full stop: what its declaration says, or for a name other Luas have
/// and this one has not, what to use instead. Empty: nothing is known.
std::string advice_for(const Error& error, Runtime& runtime);

}  // namespace opshost::cli
