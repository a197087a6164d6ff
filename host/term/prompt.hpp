#pragma once
// Asking the person at the terminal.
#include <termios.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "host/base/descriptor.hpp"

namespace opshost {

/// What is typed at a terminal is not shown while this lives.
class HiddenInput {
 public:
  explicit HiddenInput(int terminal);
  ~HiddenInput();
  HiddenInput(const HiddenInput&) = delete;
  HiddenInput& operator=(const HiddenInput&) = delete;

 private:
  int terminal_;
  termios before_{};
  bool was_set_;
};

/// A terminal to ask at. It is asked line by line; the terminal itself lets the person edit the line.
class Prompter {
 public:
  /// The controlling terminal, also when stdin and stdout are redirected; else stdin and stderr if both are terminals.
  /// nullopt: nobody is there.
  static std::optional<Prompter> open();
  /// For a terminal that is already open; the descriptors are duplicated.
  Prompter(int input, int output);

  /// Readable when a line is waiting: for whoever has to do other work meanwhile.
  [[nodiscard]] int descriptor() const { return input_.get(); }

  void show(std::string_view text);
  /// Waits for a line, given without its line break. nullopt: the person ended the input (Ctrl-D) or is gone.
  std::optional<std::string> read_line();
  /// As read_line, but what is typed stays invisible.
  std::optional<std::string> read_hidden_line();

  enum class Answer : std::uint8_t { yes, no, unclear, gone };
  /// Shows `question` and " [y/N] ".
  void ask(std::string_view question);
  /// Waits for a line; nothing typed is a no. What is neither yes nor no is asked for again: read once more.
  Answer read_answer();

 private:
  Descriptor input_;
  Descriptor output_;
  std::string ahead_;  ///< read, but behind the line that was asked for
};

/// Asks whoever is at the terminal, and waits: for what happens before or after a run. nullopt: nobody is there.
std::optional<bool> confirm(std::string_view question);

}  // namespace opshost
