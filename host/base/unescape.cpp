#include "host/base/unescape.hpp"

#include <cstdint>
#include <optional>

#include "host/base/utf8.hpp"

namespace opshost {

namespace {

/// Reads one view and writes the next, byte ranges of the original included.
class Rewriter {
 public:
  explicit Rewriter(const TextView& from) : from_(from) {
    to_.text.reserve(from.text.size());
    to_.origin.reserve(from.text.size());
  }

  [[nodiscard]] bool done() const { return position_ == from_.text.size(); }
  [[nodiscard]] std::string_view rest() const { return std::string_view(from_.text).substr(position_); }

  void keep() {
    to_.text.push_back(from_.text[position_]);
    to_.origin.push_back(from_.original(position_, position_ + 1));
    ++position_;
  }
  /// The next `length` bytes stand for `meaning`; each of its bytes came from all of them.
  void replace(std::size_t length, std::string_view meaning) {
    to_.text.append(meaning);
    to_.origin.insert(to_.origin.end(), meaning.size(), from_.original(position_, position_ + length));
    to_.changed = true;
    position_ += length;
  }

  TextView take() && { return std::move(to_); }

 private:
  const TextView& from_;
  TextView to_;
  std::size_t position_ = 0;
};

std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10;
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A') + 10;
  return std::nullopt;
}

/// Exactly `digits` of them at `from`.
std::optional<std::uint32_t> read_hex(std::string_view text, std::size_t from, std::size_t digits) {
  if (text.size() < from + digits) return std::nullopt;
  std::uint32_t value = 0;
  for (const char c : text.substr(from, digits)) {
    const auto digit = hex_digit(c);
    if (!digit) return std::nullopt;
    value = value * 16 + *digit;
  }
  return value;
}

/// \u00e9 or the pair \ud83d\ude00. False: none stands here.
bool replace_unicode_escape(Rewriter& rewriter) {
  const auto first = read_hex(rewriter.rest(), 2, 4);
  if (!first) return false;
  char32_t code_point = *first;
  std::size_t length = 6;
  const bool is_high_surrogate = code_point >= 0xD800 && code_point < 0xDC00;
  if (is_high_surrogate && rewriter.rest().substr(6, 2) == "\\u") {
    const auto second = read_hex(rewriter.rest(), 8, 4);
    if (second && *second >= 0xDC00 && *second < 0xE000) {
      code_point = 0x10000 + ((code_point - 0xD800) << 10U) + (*second - 0xDC00);
      length = 12;
    }
  }
  std::string meaning;
  append_utf8(meaning, code_point);
  rewriter.replace(length, meaning);
  return true;
}

bool replace_byte_escape(Rewriter& rewriter) {
  const auto value = read_hex(rewriter.rest(), 2, 2);
  if (!value) return false;
  const char byte = static_cast<char>(*value);
  rewriter.replace(4, {&byte, 1});
  return true;
}

void rewrite_backslash(Rewriter& rewriter) {
  const std::string_view rest = rewriter.rest();
  if (rest.size() < 2) return rewriter.keep();
  constexpr std::string_view kLetters = "nrtbf0";
  constexpr std::string_view kMeanings("\n\r\t\b\f\0", kLetters.size());
  const char next = rest[1];
  if (next == 'u') {
    if (!replace_unicode_escape(rewriter)) rewriter.keep();
  } else if (next == 'x') {
    if (!replace_byte_escape(rewriter)) rewriter.keep();
  } else if (const auto letter = kLetters.find(next); letter != std::string_view::npos) {
    rewriter.replace(2, kMeanings.substr(letter, 1));
  } else if (next == '"' || next == '\\' || next == '/' || next == '\'') {
    rewriter.replace(2, {&next, 1});
  } else {
    rewriter.keep();
  }
}

}  // namespace

TextView undo_backslashes(const TextView& view) {
  constexpr std::string_view kShellQuote = "'\\''";
  Rewriter rewriter(view);
  while (!rewriter.done()) {
    if (rewriter.rest().front() == '\\') {
      rewrite_backslash(rewriter);
    } else if (rewriter.rest().starts_with(kShellQuote)) {
      rewriter.replace(kShellQuote.size(), "'");
    } else {
      rewriter.keep();
    }
  }
  return std::move(rewriter).take();
}

TextView undo_percent(const TextView& view, bool plus_is_space) {
  Rewriter rewriter(view);
  while (!rewriter.done()) {
    const char c = rewriter.rest().front();
    const auto value = c == '%' ? read_hex(rewriter.rest(), 1, 2) : std::nullopt;
    if (value) {
      const char byte = static_cast<char>(*value);
      rewriter.replace(3, {&byte, 1});
    } else if (c == '+' && plus_is_space) {
      rewriter.replace(1, " ");
    } else {
      rewriter.keep();
    }
  }
  return std::move(rewriter).take();
}

TextView undo_doubled_quotes(const TextView& view) {
  Rewriter rewriter(view);
  while (!rewriter.done()) {
    const std::string_view rest = rewriter.rest();
    if (rest.starts_with("''") || rest.starts_with("\"\"")) {
      rewriter.replace(2, rest.substr(0, 1));
    } else {
      rewriter.keep();
    }
  }
  return std::move(rewriter).take();
}

TextView undo_line_breaks(const TextView& view) {
  Rewriter rewriter(view);
  while (!rewriter.done()) {
    const std::string_view rest = rewriter.rest();
    if (rest.front() != '\n' && rest.front() != '\r') {
      rewriter.keep();
      continue;
    }
    const std::size_t next = rest.find_first_not_of("\r\n\t ");
    rewriter.replace(next == std::string_view::npos ? rest.size() : next, "");
  }
  return std::move(rewriter).take();
}

}  // namespace opshost
