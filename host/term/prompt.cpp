#include "host/term/prompt.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "host/base/write_all.hpp"
#include "host/term/terminal.hpp"

namespace opshost {

namespace {

Descriptor duplicate(int descriptor) { return Descriptor(fcntl(descriptor, F_DUPFD_CLOEXEC, 0)); }

void wait_until_readable(int descriptor) {
  pollfd wanted{.fd = descriptor, .events = POLLIN, .revents = 0};
  poll(&wanted, 1, -1);  // an error comes back from the read that follows
}

/// Appends what is there, waiting for at least one byte. False: the input ended.
bool read_more(int descriptor, std::string& text) {
  std::array<char, 4096> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): read() fills it
  while (true) {
    const ssize_t got = read(descriptor, buffer.data(), buffer.size());
    if (got > 0) {
      text.append(buffer.data(), static_cast<std::size_t>(got));
      return true;
    }
    if (got == 0) return false;
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
      wait_until_readable(descriptor);
    } else if (errno != EINTR) {
      return false;  // EIO: the terminal hung up
    }
  }
}

std::string lower_trimmed(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return lower;
}

/// nullopt: neither.
std::optional<bool> yes_or_no(std::string_view line) {
  const std::string answer = lower_trimmed(line);
  if (answer == "y" || answer == "yes") return true;
  if (answer.empty() || answer == "n" || answer == "no") return false;
  return std::nullopt;
}

}  // namespace

HiddenInput::HiddenInput(int terminal) : terminal_(terminal), was_set_(tcgetattr(terminal, &before_) == 0) {
  if (!was_set_) return;
  termios hidden = before_;
  hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO | ECHOE | ECHOK);
  hidden.c_lflag |= static_cast<tcflag_t>(ECHONL);
  tcsetattr(terminal_, TCSAFLUSH, &hidden);
}

HiddenInput::~HiddenInput() {
  if (was_set_) tcsetattr(terminal_, TCSANOW, &before_);
}

std::optional<Prompter> Prompter::open() {
  const Descriptor terminal(::open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (terminal) return Prompter(terminal.get(), terminal.get());
  if (is_terminal(STDIN_FILENO) && is_terminal(STDERR_FILENO)) return Prompter(STDIN_FILENO, STDERR_FILENO);
  return std::nullopt;
}

Prompter::Prompter(int input, int output) : input_(duplicate(input)), output_(duplicate(output)) {}

void Prompter::show(std::string_view text) {
  write_all(output_.get(), text);  // a terminal that is gone shows in the read that follows
}

std::optional<std::string> Prompter::read_line() {
  std::size_t end = ahead_.find('\n');
  while (end == std::string::npos) {
    const std::size_t searched = ahead_.size();
    if (!read_more(input_.get(), ahead_)) return std::nullopt;
    end = ahead_.find('\n', searched);
  }
  std::string line = ahead_.substr(0, end);
  ahead_.erase(0, end + 1);
  return line;
}

std::optional<std::string> Prompter::read_hidden_line() {
  const HiddenInput hidden(input_.get());
  return read_line();
}

void Prompter::ask(std::string_view question) { show(std::string(question) + " [y/N] "); }

Prompter::Answer Prompter::read_answer() {
  const auto line = read_line();
  if (!line) {
    show("\n");
    return Answer::gone;
  }
  if (const auto answer = yes_or_no(*line)) return *answer ? Answer::yes : Answer::no;
  show("Please type yes or no. [y/N] ");
  return Answer::unclear;
}

std::optional<bool> confirm(std::string_view question) {
  auto prompter = Prompter::open();
  if (!prompter) return std::nullopt;
  prompter->ask(question);
  auto answer = Prompter::Answer::unclear;
  while (answer == Prompter::Answer::unclear) answer = prompter->read_answer();
  if (answer == Prompter::Answer::gone) return std::nullopt;
  return answer == Prompter::Answer::yes;
}

}  // namespace opshost
