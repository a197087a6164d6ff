#include "host/term/display_width.hpp"

#include <doctest/doctest.h>

#include <string>

#include "host/base/utf8.hpp"
#include "host/term/width_table.hpp"

namespace {

using opshost::display_width;
using opshost::shorten;

}  // namespace

TEST_CASE("display_width counts columns, not bytes") {
  CHECK(display_width("") == 0);
  CHECK(display_width("web-1") == 5);
  CHECK(display_width("größe") == 5);
  CHECK(display_width("中文主机") == 8);
  CHECK(display_width("ｆｕｌｌ") == 8);
  CHECK(display_width("한글") == 4);
  CHECK(display_width("ﾊﾝｶｸ") == 4);
  CHECK(display_width("😀✅") == 4);
  CHECK(display_width("✓ … — ─") == 7);
  CHECK(display_width("e\u0301a\u0308") == 2);
  CHECK(display_width("\u1112\u1161\u11ab") == 2);  // one Hangul syllable out of three parts
  CHECK(display_width("a\u200bb\u200d") == 2);
  CHECK(display_width("𠀀") == 2);
}

TEST_CASE("display_width of bytes that are no UTF-8 is one each") {
  CHECK(display_width("\xff\xfe") == 2);
  CHECK(display_width("a\xe4\xb8") == 3);
}

TEST_CASE("display_width passes over colours") {
  CHECK(display_width("\x1b[31mfailed\x1b[0m") == 6);
  CHECK(display_width("\x1b[1;38;5;200m中\x1b[m") == 2);
  CHECK(display_width("\x1b[2Jx") == 4);  // no colour: the escape itself shows nothing, the rest does
  CHECK(display_width("\x1b[31") == 3);
}

TEST_CASE("the tables of widths are sorted and apart") {
  const auto check = [](const auto& ranges) {
    char32_t last = 0;
    for (const auto& range : ranges) {
      REQUIRE(range.first > last);
      REQUIRE(range.last >= range.first);
      last = range.last;
    }
  };
  check(opshost::kWide);
  check(opshost::kZeroWidth);
}

TEST_CASE("shorten cuts at characters and says so") {
  CHECK(shorten("web-1", 5) == "web-1");
  CHECK(shorten("web-10", 5) == "web-…");
  CHECK(shorten("web-10", 1) == "…");
  CHECK(shorten("web-10", 0).empty());
  CHECK(shorten("", 0).empty());
  CHECK(shorten("中文主机", 8) == "中文主机");
  CHECK(shorten("中文主机", 7) == "中文主…");
  CHECK(shorten("中文主机", 6) == "中文…");  // half a character is none
  CHECK(shorten("e\u0301e\u0301e\u0301", 2) == "e\u0301…");
  for (std::size_t columns = 0; columns < 12; ++columns) {
    CHECK(display_width(shorten("a中b文c😀d\u0301e\xff", columns)) <= columns);
  }
}
