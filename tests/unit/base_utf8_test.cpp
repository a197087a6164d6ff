#include "host/base/utf8.hpp"

#include <doctest/doctest.h>

#include <string>

namespace {

using opshost::append_utf8;
using opshost::decode_utf8;
using opshost::is_printable;

std::string encoded(char32_t code_point) {
  std::string text;
  append_utf8(text, code_point);
  return text;
}

}  // namespace

TEST_CASE("every code point survives encoding and decoding") {
  for (char32_t value = 0; value <= 0x10FFFF; ++value) {
    if (value >= 0xD800 && value <= 0xDFFF) continue;
    const std::string text = encoded(value) + "x";
    const auto decoded = decode_utf8(text);
    REQUIRE(decoded);
    REQUIRE(decoded->value == value);
    REQUIRE(decoded->length == text.size() - 1);
    for (std::size_t cut = 0; cut < decoded->length; ++cut) REQUIRE_FALSE(decode_utf8(text.substr(0, cut)));
  }
}

TEST_CASE("what is no code point is encoded as the replacement character") {
  CHECK(encoded(0xD800) == "\xef\xbf\xbd");
  CHECK(encoded(0xDFFF) == "\xef\xbf\xbd");
  CHECK(encoded(0x110000) == "\xef\xbf\xbd");
}

TEST_CASE("ill-formed UTF-8 is refused") {
  for (const std::string text :
       {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc3", "\xc3(", "\xe0\x80\x80", "\xe0\x9f\xbf", "\xed\xa0\x80",
        "\xed\xbf\xbf", "\xe4\xb8", "\xe4\xb8(", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
        "\xf8\x88\x80\x80\x80", "\xff", ""}) {
    CAPTURE(text.size());
    CHECK_FALSE(decode_utf8(text));
  }
}

TEST_CASE("what hides or moves text is not printable") {
  for (const char32_t value : {0x0U, 0x1BU, 0x7FU, 0x80U, 0x9BU, 0xADU, 0x200BU, 0x200DU, 0x202EU, 0x2028U, 0x2066U,
                               0xFEFFU, 0xE0041U, 0xD800U, 0x110000U}) {
    CAPTURE(value);
    CHECK_FALSE(is_printable(value));
  }
  for (const char32_t value : {0x20U, 0x7EU, 0xA0U, 0xE9U, 0x301U, 0x2014U, 0x4E2DU, 0xFFFDU, 0x1F600U, 0x10FFFFU}) {
    CAPTURE(value);
    CHECK(is_printable(value));
  }
}
