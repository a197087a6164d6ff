#pragma once
#include <cstddef>
#include <string>

#include "host/base/value.hpp"

namespace opshost {

/// The value as one line of JSON. Bytes that are no UTF-8 become U+FFFD, numbers JSON has no words for (NaN, infinity)
/// become null, Opaque its text.
std::string json_text(const Value& value);
/// The same, behind what is there.
void append_json_text(std::string& json, const Value& value);
/// What json_text(value).size() is at most, much faster told.
std::size_t json_size_bound(const Value& value);

}  // namespace opshost
