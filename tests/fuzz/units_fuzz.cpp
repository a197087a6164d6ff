// Durations and sizes: whatever is read is written in a spelling that reads back as the same.
#include "host/base/size.hpp"
#include "host/base/time.hpp"
#include "tests/fuzz/property.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text = text_of(data, size);
  if (const auto duration = opshost::parse_duration(text)) {
    holds(*duration >= opshost::Duration::zero(), "a duration is not negative");
    holds(opshost::parse_duration(opshost::format_duration(*duration)) == duration, "a duration reads back");
    holds(!opshost::humanize_duration(*duration).empty(), "a duration can be said");
  }
  if (const auto amount = opshost::parse_size(text)) {
    holds(opshost::parse_size(opshost::format_size(*amount)) == amount, "a size reads back");
  }
  return 0;
}
