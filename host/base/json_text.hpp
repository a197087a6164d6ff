#pragma once
#include <string>

#include "host/base/value.hpp"

namespace opshost {

/// The value as one line of JSON. Bytes that are no UTF-8 become U+FFFD, numbers JSON has no words for (NaN, infinity)
/// become null, Opaque its text.
std::string json_text(const Value& value);

}  // namespace opshost
