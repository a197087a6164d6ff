#include "host/base/time.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using opshost::Duration;
using opshost::format_duration;
using opshost::humanize_duration;
using opshost::parse_duration;
using opshost::seconds_to_duration;

constexpr Duration kLongest = Duration::max();

/// Lengths of every magnitude, the round ones too.
Duration any_duration(std::mt19937_64& random) {
  const auto bits = static_cast<unsigned>(random() % 63);
  auto nanoseconds = static_cast<std::int64_t>(random() & ((std::uint64_t{1} << (bits + 1)) - 1) &
                                               static_cast<std::uint64_t>(kLongest.count()));
  const std::vector<std::int64_t> steps{1, 1'000, 1'000'000, 1'000'000'000, 60'000'000'000, 3'600'000'000'000};
  const std::int64_t step = steps[random() % steps.size()];
  nanoseconds -= nanoseconds % step;
  return Duration(nanoseconds);
}

}  // namespace

TEST_CASE("parse_duration reads units, sequences of them and fractions") {
  const std::vector<std::pair<std::string, Duration>> readings{
      {"30s", 30s},
      {"1h30m", 90min},
      {"1m30s", 90s},
      {"250ms", 250ms},
      {"0.5s", 500ms},
      {"2d", 48h},
      {"1d2h3m4s5ms6us7ns", 26h + 3min + 4s + 5ms + 6us + 7ns},
      {"0s", 0s},
      {"000001s", 1s},
      {"1.5h", 90min},
      {"1m1.5s", 61500ms},
      {"1.000000001s", 1s + 1ns},
      {"90s", 90s},
      {"1000000ms", 1000s},
      {"0.1d", 8640s},
      {"106751d", 24h * 106751},
      {"9223372036854775807ns", kLongest},
      {"9223372036.854775807s", kLongest},
  };
  for (const auto& [text, duration] : readings) {
    CAPTURE(text);
    const auto read = parse_duration(text);
    REQUIRE(read);
    CHECK(*read == duration);
  }
}

TEST_CASE("parse_duration rounds what is finer than a nanosecond to the nearest one") {
  CHECK(parse_duration("0.3333333333333s") == Duration(333333333));
  CHECK(parse_duration("0.0000000005s") == 1ns);
  CHECK(parse_duration("0.00000000049999999999999999999999999s") == 0ns);
  CHECK(parse_duration("0.9999999999s") == 1s);
}

TEST_CASE("parse_duration refuses what is no duration") {
  const std::vector<std::string> refused{"",     "90",   "0",          "s",          "ms",      "-1s",   "+1s",  "1 s",
                                         " 1s",  "1s ",  "1S",         "1min",       "1sec",    "1M",    "1w",   ".5s",
                                         "1.s",  "1.5",  "1..5s",      "1.5.5s",     "1e3s",    "0x1s",  "nan",  "inf",
                                         "infs", "1s1m", "1s1s",       "1m2m",       "1.5h30m", "0.5ns", "1h30", "h30m",
                                         "1,5s", "1s\n", "1\xc2\xb5s", "30 seconds", "1h-30m"};
  for (const auto& text : refused) {
    CAPTURE(text);
    CHECK(parse_duration(text) == std::nullopt);
  }
  CHECK(parse_duration(std::string_view("1s\0", 3)) == std::nullopt);
}

TEST_CASE("parse_duration refuses what is longer than 292 years, however it is spelt") {
  const std::vector<std::string> refused{
      "9223372036854775808ns",     "9223372036.854775808s",  "9223372037s",      "106752d",
      "293000000000000000000000d", "18446744073709551616ns", "106751d23h47m17s", "99999999999999999999999999999999s",
      "9223372036.9999999999s"};
  for (const auto& text : refused) {
    CAPTURE(text);
    CHECK(parse_duration(text) == std::nullopt);
  }
  CHECK(parse_duration("106751d23h47m16.854775807s") == kLongest);
}

TEST_CASE("seconds_to_duration") {
  CHECK(seconds_to_duration(0) == 0s);
  CHECK(seconds_to_duration(-0.0) == 0s);
  CHECK(seconds_to_duration(0.1) == 100ms);
  CHECK(seconds_to_duration(1e-9) == 1ns);
  CHECK(seconds_to_duration(4e-10) == 0ns);
  CHECK(seconds_to_duration(5e-324) == 0ns);
  CHECK(seconds_to_duration(90) == 90s);
  CHECK(seconds_to_duration(123456789.25) == 123456789s + 250ms);
  CHECK(seconds_to_duration(9223372036.0) == 9223372036s);
  CHECK(seconds_to_duration(9223372036.75) == 9223372036s + 750ms);
  CHECK(seconds_to_duration(9223372036.9) == std::nullopt);
  CHECK(seconds_to_duration(9223372037.0) == std::nullopt);
  CHECK(seconds_to_duration(1e300) == std::nullopt);
  CHECK(seconds_to_duration(-1e-9) == std::nullopt);
  CHECK(seconds_to_duration(-1) == std::nullopt);
  CHECK(seconds_to_duration(std::nan("")) == std::nullopt);
  CHECK(seconds_to_duration(std::numeric_limits<double>::infinity()) == std::nullopt);
  CHECK(seconds_to_duration(-std::numeric_limits<double>::infinity()) == std::nullopt);
}

TEST_CASE("format_duration") {
  CHECK(format_duration(0s) == "0s");
  CHECK(format_duration(90s) == "1m30s");
  CHECK(format_duration(250ms) == "250ms");
  CHECK(format_duration(1500ms) == "1.5s");
  CHECK(format_duration(1500us) == "1.5ms");
  CHECK(format_duration(1ns) == "1ns");
  CHECK(format_duration(1001ns) == "1.001us");
  CHECK(format_duration(60s) == "1m");
  CHECK(format_duration(1h) == "1h");
  CHECK(format_duration(48h) == "2d");
  CHECK(format_duration(25h + 1ns) == "1d1h0.000000001s");
  CHECK(format_duration(-1500ms) == "-1.5s");
  CHECK(format_duration(kLongest) == "106751d23h47m16.854775807s");
  CHECK(format_duration(Duration::min()) == "-106751d23h47m16.854775808s");
}

TEST_CASE("every duration that is written reads back as itself") {
  std::mt19937_64 random(20240817);
  for (int i = 0; i < 100'000; ++i) {
    const Duration duration = any_duration(random);
    const std::string text = format_duration(duration);
    CAPTURE(text);
    const auto read = parse_duration(text);
    REQUIRE(read);
    REQUIRE(*read == duration);
  }
}

TEST_CASE("humanize_duration shows two units or three digits") {
  CHECK(humanize_duration(0s) == "0s");
  CHECK(humanize_duration(1250ms) == "1.25s");
  CHECK(humanize_duration(200s) == "3m20s");
  CHECK(humanize_duration(1254ms) == "1.25s");
  CHECK(humanize_duration(1255ms) == "1.26s");
  CHECK(humanize_duration(12345ms) == "12.3s");
  CHECK(humanize_duration(59940ms) == "59.9s");
  CHECK(humanize_duration(59950ms) == "1m");
  CHECK(humanize_duration(999'499us) == "999ms");
  CHECK(humanize_duration(999'500us) == "1s");
  CHECK(humanize_duration(1234us) == "1.23ms");
  CHECK(humanize_duration(1234ns) == "1.23us");
  CHECK(humanize_duration(7ns) == "7ns");
  CHECK(humanize_duration(61s + 499ms) == "1m1s");
  CHECK(humanize_duration(59min + 59s + 499ms) == "59m59s");
  CHECK(humanize_duration(59min + 59s + 500ms) == "1h");
  CHECK(humanize_duration(1h + 30s) == "1h1m");
  CHECK(humanize_duration(23h + 59min + 29s) == "23h59m");
  CHECK(humanize_duration(23h + 59min + 30s) == "1d");
  CHECK(humanize_duration(49h + 29min) == "2d1h");
  CHECK(humanize_duration(-200s) == "-3m20s");
  CHECK(humanize_duration(kLongest) == "106752d");
  CHECK(humanize_duration(Duration::min()) == "-106752d");
}

TEST_CASE("humanize_duration never names a third unit and is off by at most half a unit of its last digit") {
  std::mt19937_64 random(7);
  for (int i = 0; i < 100'000; ++i) {
    const Duration duration = any_duration(random);
    const std::string text = humanize_duration(duration);
    CAPTURE(text);
    const auto read = parse_duration(text);
    if (!read) {
      REQUIRE(duration > kLongest - 1h);  // rounded past the end of the range
      continue;
    }
    int units = 0;
    bool in_letters = false;
    for (const char c : text) {
      const bool letter = c >= 'a' && c <= 'z';
      if (letter && !in_letters) ++units;
      in_letters = letter;
    }
    REQUIRE(units <= 2);
    const Duration off = *read > duration ? *read - duration : duration - *read;
    // Three digits: at most 0.5 %; two units: half of the smaller one, at most 1/120 of the value.
    REQUIRE(static_cast<double>(off.count()) <= 0.021 * static_cast<double>(duration.count()));
  }
}
