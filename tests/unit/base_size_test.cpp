#include "host/base/size.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace {

using opshost::format_size;
using opshost::parse_size;
using opshost::Size;
using opshost::operator""_KiB;
using opshost::operator""_MiB;
using opshost::operator""_GiB;

constexpr std::uint64_t kLargest = UINT64_MAX;

}  // namespace

TEST_CASE("parse_size reads binary and decimal units") {
  const std::vector<std::pair<std::string, Size>> readings{
      {"70GiB", 70_GiB},
      {"1.5MB", {1'500'000}},
      {"512B", {512}},
      {"0B", {0}},
      {"0EiB", {0}},
      {"1KiB", 1_KiB},
      {"1kB", {1000}},
      {"1KB", {1000}},
      {"1MiB", 1_MiB},
      {"1MB", {1'000'000}},
      {"1GB", {1'000'000'000}},
      {"1TiB", {std::uint64_t{1} << 40U}},
      {"1TB", {1'000'000'000'000}},
      {"1PiB", {std::uint64_t{1} << 50U}},
      {"1PB", {1'000'000'000'000'000}},
      {"1EiB", {std::uint64_t{1} << 60U}},
      {"18EB", {18'000'000'000'000'000'000U}},
      {"15.5EiB", {(std::uint64_t{31} << 59U)}},
      {"0.5KiB", {512}},
      {"1.1GiB", {1181116006}},  // ...006.4
      {"0.0005kB", {1}},
      {"0.00049999kB", {0}},
      {"18446744073709551615B", {kLargest}},
  };
  for (const auto& [text, size] : readings) {
    CAPTURE(text);
    const auto read = parse_size(text);
    REQUIRE(read);
    CHECK(read->bytes == size.bytes);
  }
}

TEST_CASE("parse_size refuses what is no size") {
  const std::vector<std::string> refused{"",     "70",    "0",      "B",     "GiB",     "-1B",  "+1B",  "1 GiB",
                                         " 1B",  "1B ",   "1K",     "1M",    "1G",      "1gib", "1kb",  "1mB",
                                         "1kiB", "1.5B",  "0.5B",   ".5MB",  "1.MB",    "1e3B", "0x1B", "1MiBs",
                                         "nanB", "infGB", "1MiB1B", "1,5MB", "1.1.1MB", "1ZiB"};
  for (const auto& text : refused) {
    CAPTURE(text);
    CHECK(parse_size(text) == std::nullopt);
  }
  CHECK(parse_size(std::string_view("1B\0", 3)) == std::nullopt);
}

TEST_CASE("parse_size refuses what does not fit") {
  for (const std::string text : {"16EiB", "18446744073709551616B", "18.5EB", "99999999999999999999999GiB",
                                 "18446744073709551615.5KiB", "15.99999999999999999999999999EiB"}) {
    CAPTURE(text);
    CHECK(parse_size(text) == std::nullopt);
  }
}

TEST_CASE("format_size takes the shortest exact spelling, binary units first") {
  CHECK(format_size({0}) == "0B");
  CHECK(format_size({1}) == "1B");
  CHECK(format_size({512}) == "512B");
  CHECK(format_size({1000}) == "1kB");
  CHECK(format_size({1001}) == "1001B");
  CHECK(format_size({1024}) == "1KiB");
  CHECK(format_size({1536}) == "1536B");
  CHECK(format_size(1_GiB) == "1GiB");
  CHECK(format_size(70_GiB) == "70GiB");
  CHECK(format_size({1'500'000}) == "1500kB");
  CHECK(format_size({1'000'000'000}) == "1GB");
  CHECK(format_size({102'400}) == "100KiB");
  CHECK(format_size({std::uint64_t{1} << 63U}) == "8EiB");
  CHECK(format_size({kLargest}) == "18446744073709551615B");
}

TEST_CASE("every size that is written reads back as itself") {
  std::mt19937_64 random(11);
  for (int i = 0; i < 100'000; ++i) {
    const std::uint64_t bits = random() % 64;
    Size size{random() >> bits};
    if (i % 3 == 1) size.bytes -= size.bytes % 1024;
    if (i % 3 == 2) size.bytes -= size.bytes % 1'000'000;
    const std::string text = format_size(size);
    CAPTURE(text);
    const auto read = parse_size(text);
    REQUIRE(read);
    REQUIRE(read->bytes == size.bytes);
    REQUIRE(text.size() <= std::to_string(size.bytes).size() + 1);
  }
}
