#include "host/term/prompt.hpp"

#include <doctest/doctest.h>
#include <termios.h>

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <thread>

#include "tests/unit/pseudo_terminal.hpp"

namespace {

using opshost::Descriptor;
using opshost::Prompter;
using opshost::test::PseudoTerminal;
using opshost::test::read_until;

bool echoes(const PseudoTerminal& terminal) {
  termios now{};
  REQUIRE(tcgetattr(terminal.program(), &now) == 0);
  return (now.c_lflag & static_cast<tcflag_t>(ECHO)) != 0;
}

using Answer = Prompter::Answer;

Answer ask(Prompter& prompter) {
  prompter.ask("Stop web-1?");
  auto answer = Answer::unclear;
  while (answer == Answer::unclear) answer = prompter.read_answer();
  return answer;
}

Answer answer_to(const std::string& typed) {
  const PseudoTerminal terminal;
  Prompter prompter(terminal.program(), terminal.program());
  terminal.type(typed);
  return ask(prompter);
}

}  // namespace

TEST_CASE("yes and no in every spelling, and nothing for no") {
  for (const std::string yes : {"y\n", "Y\n", "yes\n", "YES\n", "  Yes \n"}) {
    CAPTURE(yes);
    CHECK(answer_to(yes) == Answer::yes);
  }
  for (const std::string no : {"n\n", "N\n", "no\n", "No\n", "\n", "   \n"}) {
    CAPTURE(no);
    CHECK(answer_to(no) == Answer::no);
  }
}

TEST_CASE("a question is asked again until the answer is clear") {
  const PseudoTerminal terminal;
  std::array<int, 2> ends{};
  REQUIRE(pipe2(ends.data(), O_CLOEXEC) == 0);
  const Descriptor shown(ends[0]);
  const Descriptor output(ends[1]);
  Prompter prompter(terminal.program(), output.get());
  terminal.type("maybe\nyep\nyes\n");
  CHECK(ask(prompter) == Answer::yes);
  prompter.show("<end>");
  CHECK(read_until(shown.get(), "<end>") ==
        "Stop web-1? [y/N] Please type yes or no. [y/N] Please type yes or no. [y/N] <end>");
}

TEST_CASE("the end of the input is no answer") {
  CHECK(answer_to("\x04") == Answer::gone);
  CHECK(answer_to("what\n\x04") == Answer::gone);
}

TEST_CASE("a terminal that hung up gives no answer") {
  PseudoTerminal terminal;
  Prompter prompter(terminal.program(), terminal.program());
  terminal.hang_up();
  CHECK(ask(prompter) == Answer::gone);
  CHECK(prompter.read_line() == std::nullopt);
}

TEST_CASE("lines come one by one, whatever they hold") {
  const PseudoTerminal terminal;
  Prompter prompter(terminal.program(), terminal.program());
  terminal.type("first\n\n  zweite größe\n");
  CHECK(prompter.read_line() == "first");
  CHECK(prompter.read_line()->empty());
  CHECK(prompter.read_line() == "  zweite größe");
}

TEST_CASE("a hidden line is not echoed, and echo is back afterwards") {
  const PseudoTerminal terminal;
  Prompter prompter(terminal.program(), terminal.program());
  prompter.show("Password: ");
  REQUIRE(terminal.seen_until("Password: ") == "Password: ");
  REQUIRE(echoes(terminal));
  std::optional<std::string> line;
  std::thread person([&] {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (echoes(terminal) && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
    terminal.type("open sesame\n");
  });
  line = prompter.read_hidden_line();
  person.join();
  CHECK(line == "open sesame");
  CHECK(echoes(terminal));
  prompter.show("done");
  CHECK(terminal.seen_until("done") == "\r\ndone");
}

TEST_CASE("its descriptor is readable once a line was typed") {
  const PseudoTerminal terminal;
  const Prompter prompter(terminal.program(), terminal.program());
  pollfd wanted{.fd = prompter.descriptor(), .events = POLLIN, .revents = 0};
  terminal.type("half");
  CHECK(poll(&wanted, 1, 0) == 0);
  terminal.type("\n");
  CHECK(poll(&wanted, 1, 10'000) == 1);
}
