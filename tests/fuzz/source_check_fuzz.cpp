// `opshost check` over any bytes: it ends, and says where what it finds is.
#include <algorithm>

#include "host/lua/source_check.hpp"
#include "tests/fuzz/property.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string source = text_of(data, size);
  const auto lines = static_cast<std::size_t>(std::count(source.begin(), source.end(), '\n')) +
                     static_cast<std::size_t>(std::count(source.begin(), source.end(), '\r')) + 1;
  for (const auto& finding : opshost::check_source(source, {})) {
    holds(finding.line >= 1 && finding.line <= lines && finding.column >= 1, "a finding is inside of the file");
    holds(!finding.text.empty(), "a finding says what it is");
  }
  return 0;
}
