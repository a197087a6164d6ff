#include "host/term/table.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>

namespace {

using opshost::Style;
using opshost::Table;

}  // namespace

TEST_CASE("a table aligns text to the left and numbers to the right") {
  Table table({{"HOST"}, {"STATE"}, {"LAG"}, {"DISK"}});
  table.add_row({"web-1", "running", "5", "70GiB"});
  table.add_row({"数据库-2", "stopped", "1200", "512B"});
  table.add_row({"zk", "", "-", ""});
  CHECK(table.text(false) ==
        "HOST      STATE     LAG   DISK\n"
        "web-1     running     5  70GiB\n"
        "数据库-2  stopped  1200   512B\n"
        "zk                    -\n");
}

TEST_CASE("only quantities go to the right") {
  const auto second_line = [](const std::string& cell) {
    Table table({{"0123456789"}});
    table.add_row({cell});
    const std::string text = table.text(false);
    return text.substr(text.find('\n') + 1);
  };
  for (const std::string cell : {"1", "-7", "0.5", "99.5%", "1e9", "1m30s", "250ms", "1.5MB"}) {
    CAPTURE(cell);
    CHECK(second_line(cell) == std::string(10 - cell.size(), ' ') + cell + "\n");
  }
  for (const std::string cell : {"10.0.0.1", "5c2f9a", "v1", "nan", "inf", "1-2", "-", "--1", "%", "1 2"}) {
    CAPTURE(cell);
    CHECK(second_line(cell) == cell + "\n");
  }
}

TEST_CASE("a column that says how it is aligned is") {
  Table table({{"CODE", Table::Align::left}, {"NAME", Table::Align::right}});
  table.add_row({"12345", "a"});
  table.add_row({"1", "bcdef"});
  CHECK(table.text(false) ==
        "CODE    NAME\n"
        "12345      a\n"
        "1      bcdef\n");
}

TEST_CASE("a table without rows is its title, rows may be short, no longer than it") {
  Table table({{"A"}, {"B"}});
  CHECK(table.empty());
  CHECK(table.text(false) == "A  B\n");
  table.add_row({"x"});
  table.add_row({});
  CHECK_FALSE(table.empty());
  CHECK(table.text(false) == "A  B\nx\n\n");
  CHECK_THROWS_WITH_AS(table.add_row({"1", "2", "3"}), "a table's row has more cells than the table has columns",
                       std::logic_error);
}

TEST_CASE("colours do not move columns, and control characters do not reach the terminal") {
  Table table({{"HOST"}, {"STATE"}, {"NOTE"}});
  table.add_row({"web-1", {"failed", Style::bad}, "a\x1b[2Jb\nc"});
  table.add_row({"web-22", {"ok", Style::good}, ""});
  CHECK(table.text(true) ==
        "\x1b[1mHOST\x1b[0m    \x1b[1mSTATE\x1b[0m   \x1b[1mNOTE\x1b[0m\n"
        "web-1   \x1b[31mfailed\x1b[0m  a\\x1b[2Jb\\nc\n"
        "web-22  \x1b[32mok\x1b[0m\n");
  CHECK(table.text(false) ==
        "HOST    STATE   NOTE\n"
        "web-1   failed  a\\x1b[2Jb\\nc\n"
        "web-22  ok\n");
}
