// What a replica tells of its last error, and times as a server writes them: no crash, and no more than was said.
#include <cmath>

#include "bindings/mysql/defaults_file.hpp"
#include "bindings/mysql/replication.hpp"
#include "bindings/mysql/times.hpp"
#include "host/base/error.hpp"
#include "tests/fuzz/property.hpp"

namespace {

using namespace opshost::mysql;

void check_failure(const std::string& text) {
  for (const std::int64_t number : {1062, 1032, 1236}) {
    const ReplicationFailure failure = parse_replication_failure(number, text);
    for (const auto& part : {failure.table, failure.key, failure.entry, failure.statement}) {
      holds(!part || part->size() <= text.size(), "a part is no longer than the message");
    }
  }
}

void check_times(const std::string& text) {
  try {
    if (const auto epoch = to_epoch(text, {})) {
      holds(std::isfinite(*epoch), "a moment is a number");
      constexpr double kExact = 4e9;  // microseconds beyond that are no whole numbers of a double
      if (std::abs(*epoch) < kExact) holds(to_epoch(from_epoch(*epoch, {}), {}) == *epoch, "and back");
    }
  } catch (const opshost::Error& error) {
    holds(error.code() == "usage.argument", "what is no date is refused");
  }
  try {
    holds(std::abs(to_seconds(text)) < 839.0 * 3600, "a TIME is at most 838:59:59.999999");
  } catch (const opshost::Error& error) {
    holds(error.code() == "usage.argument", "what is no time is refused");
  }
}

void check_defaults(const std::string& text) {
  try {
    for (const auto& [name, value] : parse_defaults(text, "file")) {
      holds(name.size() + value.size() <= text.size(), "an option is no longer than the file");
    }
  } catch (const opshost::Error& error) {
    holds(error.code() == "mysql.defaults_file", "a file nobody can read is refused");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text = text_of(data, size);
  check_failure(text);
  check_times(text);
  check_defaults(text);
  return 0;
}
