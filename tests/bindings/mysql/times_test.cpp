// Dates and times of a server as numbers.
#include "bindings/mysql/times.hpp"

#include <doctest/doctest.h>

#include "host/base/error.hpp"

namespace opshost::mysql {

namespace {

std::string refusal(const std::string& text) {
  try {
    (void)to_epoch(text, {});
  } catch (const Error& error) {
    return error.code() + ": " + error.message();
  }
  return "taken";
}

}  // namespace

TEST_CASE("a date is its first moment, a leap day too") {
  CHECK(to_epoch("1970-01-01", {}) == 0);
  CHECK(to_epoch("2024-02-29", {}) == 1709164800);
  CHECK(to_epoch("1969-12-31 23:59:59.5", {}) == -0.5);
  CHECK(to_epoch("2024-02-29 12:00:00.000001", {}) == 1709208000.000001);
  CHECK(to_epoch("9999-12-31 23:59:59", {}) == 253402300799);
}

TEST_CASE("the same clock elsewhere shows another moment") {
  CHECK(to_epoch("2024-02-29 08:00:00", {.utc_offset = "+08:00"}) == 1709164800);
  CHECK(to_epoch("2024-02-28 18:30:00", {.utc_offset = "-05:30"}) == 1709164800);
  CHECK(from_epoch(1709164800, {.utc_offset = "+08:00"}) == "2024-02-29 08:00:00");
  CHECK_THROWS_WITH_AS((void)to_epoch("2024-02-29", {.utc_offset = "SYSTEM"}),
                       "\"SYSTEM\" is no offset of a time zone as the server writes one: \"+08:00\"", Error);
}

TEST_CASE("a date that is none has no moment") {
  CHECK_FALSE(to_epoch("0000-00-00", {}).has_value());
  CHECK_FALSE(to_epoch("0000-00-00 00:00:00", {}).has_value());
  CHECK_FALSE(to_epoch("2024-00-00", {}).has_value());
  CHECK_FALSE(to_epoch("2024-02-00", {}).has_value());
}

TEST_CASE("what is no date is refused") {
  const std::string why = " is no DATE, DATETIME or TIMESTAMP as the server writes one";
  for (const char* text : {"", "2024", "2024-02-30", "2023-02-29", "2024-13-01", "24-01-01", "2024-01-01T00:00:00",
                           "2024-01-01 24:00:00", "2024-01-01 00:00", "2024-01-01 00:00:00.",
                           "2024-01-01 00:00:00.1234567", "2024-01-01 ", " 2024-01-01", "12:00:00"}) {
    CHECK(refusal(text) == "usage.argument: \"" + std::string(text) + "\"" + why);
  }
}

TEST_CASE("a moment as a text the server takes") {
  CHECK(from_epoch(0, {}) == "1970-01-01 00:00:00");
  CHECK(from_epoch(1709208000.25, {}) == "2024-02-29 12:00:00.250000");
  CHECK(from_epoch(-0.5, {}) == "1969-12-31 23:59:59.500000");
  CHECK(from_epoch(253402300799.5, {}) == "9999-12-31 23:59:59.500000");
  CHECK_THROWS_AS((void)from_epoch(1e12, {}), Error);
  CHECK_THROWS_AS((void)from_epoch(0.0 / 0.0, {}), Error);
}

TEST_CASE("a TIME is a number of seconds, also beyond a day and below zero") {
  CHECK(to_seconds("00:00:01") == 1);
  CHECK(to_seconds("-838:59:59") == -3020399);
  CHECK(to_seconds("26:00:00.25") == 93600.25);
  CHECK_THROWS_WITH_AS((void)to_seconds("839:00:00"), "\"839:00:00\" is no TIME as the server writes one", Error);
  CHECK_THROWS_AS((void)to_seconds("1:00:00"), Error);
}

}  // namespace opshost::mysql
