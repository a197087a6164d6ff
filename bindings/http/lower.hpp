#pragma once
// Names of headers, schemes and hosts mean the same in capitals and without.
#include <algorithm>
#include <cctype>
#include <string>

namespace opshost::http {

inline std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char byte) { return std::tolower(byte); });
  return text;
}

}  // namespace opshost::http
