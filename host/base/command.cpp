#include "host/base/command.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace opshost {

namespace {

/// Words a shell reads as its own grammar where a program's name stands.
constexpr std::array<std::string_view, 15> kReservedWords{"if",   "then",  "elif",     "else",   "fi",
                                                          "for",  "while", "until",    "do",     "done",
                                                          "case", "esac",  "function", "select", "time"};

bool is_plain(char c) {
  constexpr std::string_view kPlainMarks = "_@%+:,./-=";
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         kPlainMarks.find(c) != std::string_view::npos;
}

std::string single_quoted(std::string_view word) {
  std::string text = "'";
  for (const char c : word) {
    if (c == '\'') {
      text += "'\\''";
    } else {
      text += c;
    }
  }
  return text + "'";
}

std::string argument_text(std::string_view word) {
  const bool plain = !word.empty() && std::all_of(word.begin(), word.end(), is_plain);
  return plain ? std::string(word) : single_quoted(word);
}

/// In front, NAME=value would be an assignment and `if` the start of a statement.
std::string program_text(std::string_view word) {
  const bool special = word.find('=') != std::string_view::npos ||
                       std::find(kReservedWords.begin(), kReservedWords.end(), word) != kReservedWords.end();
  return special ? single_quoted(word) : argument_text(word);
}

}  // namespace

std::string Command::text() const {
  if (!shell_line.empty()) return shell_line;
  std::string text;
  for (const std::string& word : argv) {
    if (&word == &argv.front()) {
      text = program_text(word);
    } else {
      text += " " + argument_text(word);
    }
  }
  return text;
}

}  // namespace opshost
