#include "host/term/terminal.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>

#include <array>
#include <string>

#include "host/term/color.hpp"
#include "tests/unit/pseudo_terminal.hpp"

namespace {

using opshost::Descriptor;
using opshost::is_terminal;
using opshost::Style;
using opshost::styled;
using opshost::terminal_width;
using opshost::wants_color;
using opshost::test::PseudoTerminal;
using opshost::test::WithVariable;

}  // namespace

TEST_CASE("a terminal is told from anything else") {
  const PseudoTerminal terminal;
  const Descriptor null(open("/dev/null", O_WRONLY | O_CLOEXEC));
  CHECK(is_terminal(terminal.program()));
  CHECK_FALSE(is_terminal(null.get()));
  CHECK_FALSE(is_terminal(-1));
}

TEST_CASE("the width comes from the terminal, then from COLUMNS, then it is 80") {
  const PseudoTerminal terminal;
  const WithVariable unset("COLUMNS", nullptr);
  CHECK(terminal_width(terminal.program()) == 80);
  {
    const WithVariable columns("COLUMNS", "132");
    CHECK(terminal_width(terminal.program()) == 132);
    CHECK(terminal_width(-1) == 132);
    terminal.set_columns(40);
    CHECK(terminal_width(terminal.program()) == 40);
  }
  for (const char* wrong : {"", "0", "x", "12x", "-5", "99999999999999999999999"}) {
    CAPTURE(wrong);
    const WithVariable columns("COLUMNS", wrong);
    CHECK(terminal_width(-1) == 80);
  }
}

TEST_CASE("colour is for terminals whose user wants it") {
  const PseudoTerminal terminal;
  const WithVariable no_color("NO_COLOR", nullptr);
  const WithVariable term("TERM", "xterm-256color");
  CHECK(wants_color(terminal.program()));
  CHECK_FALSE(wants_color(-1));
  {
    const WithVariable dumb("TERM", "dumb");
    CHECK_FALSE(wants_color(terminal.program()));
  }
  {
    const WithVariable none("TERM", nullptr);
    CHECK_FALSE(wants_color(terminal.program()));
  }
  {
    const WithVariable refused("NO_COLOR", "1");
    CHECK_FALSE(wants_color(terminal.program()));
  }
  {
    const WithVariable empty("NO_COLOR", "");  // as no-color.org has it
    CHECK(wants_color(terminal.program()));
  }
}

TEST_CASE("styles") {
  CHECK(styled("x", Style::plain, true) == "x");
  CHECK(styled("x", Style::strong, true) == "\x1b[1mx\x1b[0m");
  CHECK(styled("x", Style::faint, true) == "\x1b[2mx\x1b[0m");
  CHECK(styled("x", Style::good, true) == "\x1b[32mx\x1b[0m");
  CHECK(styled("x", Style::warning, true) == "\x1b[33mx\x1b[0m");
  CHECK(styled("x", Style::bad, true) == "\x1b[31mx\x1b[0m");
  CHECK(styled("x", Style::bad, false) == "x");
  CHECK(styled("", Style::bad, true).empty());
}
