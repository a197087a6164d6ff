#include "host/base/command.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstdio>
#include <random>
#include <string>
#include <vector>

namespace {

using opshost::Command;

std::string text_of(std::vector<std::string> argv) { return Command{.argv = std::move(argv), .shell_line = {}}.text(); }

std::string output_of_shell(const std::string& line) {
  FILE* pipe = popen(line.c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::string output;
  std::array<char, 4096> buffer{};
  while (const std::size_t got = std::fread(buffer.data(), 1, buffer.size(), pipe)) output.append(buffer.data(), got);
  CHECK(pclose(pipe) == 0);
  return output;
}

}  // namespace

TEST_CASE("a command reads as a person would type it") {
  CHECK(text_of({"systemctl", "stop", "docker"}) == "systemctl stop docker");
  CHECK(text_of({"dd", "if=/dev/zero", "of=/tmp/a,b:c@d%e+f_g"}) == "dd if=/dev/zero of=/tmp/a,b:c@d%e+f_g");
  CHECK(text_of({"echo", ""}) == "echo ''");
  CHECK(text_of({"echo", "two words", "it's", "$HOME", "~", "*", "a\nb", "#x", "{a,b}"}) ==
        "echo 'two words' 'it'\\''s' '$HOME' '~' '*' 'a\nb' '#x' '{a,b}'");
  CHECK(text_of({"echo", "gr\xc3\xbc\xc3\x9f"}) == "echo 'gr\xc3\xbc\xc3\x9f'");
}

TEST_CASE("a program's name is quoted where a shell would take it for something else") {
  CHECK(text_of({"A=1", "B=2"}) == "'A=1' B=2");
  CHECK(text_of({"if", "then"}) == "'if' then");
  CHECK(text_of({"while"}) == "'while'");
  CHECK(text_of({"!"}) == "'!'");
}

TEST_CASE("a shell line stays as it was written") {
  const Command command{.argv = {"/bin/sh", "-c", "ps aux | grep mysqld"}, .shell_line = "ps aux | grep mysqld"};
  CHECK(command.text() == "ps aux | grep mysqld");
}

TEST_CASE("sh reads back the very words") {
  std::mt19937_64 random(3);
  std::vector<std::string> argv{"printf", "%s\\0"};
  std::string expected;
  for (int i = 0; i < 300; ++i) {
    std::string word;
    for (std::size_t length = random() % 12; length > 0; --length) word += static_cast<char>(random() % 255 + 1);
    expected.append(word).push_back('\0');
    argv.push_back(std::move(word));
  }
  CHECK(output_of_shell(text_of(argv)) == expected);
}
