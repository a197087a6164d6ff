#include "host/lua/source_lexer.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace opshost {
namespace {

constexpr std::array<std::string_view, 21> kKeywords{"and", "break",    "do",     "else", "elseif", "end",   "false",
                                                     "for", "function", "if",     "in",   "local",  "nil",   "not",
                                                     "or",  "repeat",   "return", "then", "true",   "until", "while"};
// Longest first.
constexpr std::array<std::string_view, 7> kLongSymbols{"...", "..", "==", "~=", "<=", ">=", "::"};
constexpr std::string_view kShortSymbols = "+-*/%^#<>=(){}[];:,.";

bool is_digit(char letter) { return letter >= '0' && letter <= '9'; }
bool begins_name(char letter) {
  // LuaJIT takes every byte beyond ASCII as a letter.
  return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') || letter == '_' ||
         static_cast<unsigned char>(letter) >= 0x80U;
}
bool continues_name(char letter) { return begins_name(letter) || is_digit(letter); }
bool is_blank(char letter) {
  return letter == ' ' || letter == '\t' || letter == '\n' || letter == '\r' || letter == '\f' || letter == '\v';
}

}  // namespace

SourceLexer::SourceLexer(std::string_view source) : source_(source) {
  if (at("\xEF\xBB\xBF")) at_ = 3;
  if (peek() == '#') at_ = std::min(source_.find('\n', at_), source_.size());
}

Token SourceLexer::next() {
  skip_blank();
  if (is_broken_) return broken();
  if (at_ >= source_.size()) return token(Token::Kind::end, 0);
  const char letter = peek();
  if (begins_name(letter)) return word();
  if (is_digit(letter) || (letter == '.' && is_digit(peek(1)))) return number();
  if (letter == '"' || letter == '\'') return quoted();
  if (const std::size_t opening = long_bracket(); opening > 0) {
    Token found{.kind = Token::Kind::string, .text = {}, .offset = at_};
    return read_long(opening, found.text) ? found : broken();
  }
  return symbol();
}

void SourceLexer::skip_blank() {
  while (at_ < source_.size()) {
    if (is_blank(peek())) {
      ++at_;
    } else if (at("--")) {
      at_ += 2;
      std::string_view ignored;
      if (const std::size_t opening = long_bracket(); opening == 0) {
        at_ = std::min(source_.find('\n', at_), source_.size());
      } else if (!read_long(opening, ignored)) {
        is_broken_ = true;
        return;
      }
    } else {
      return;
    }
  }
}

std::size_t SourceLexer::long_bracket() const {
  if (peek() != '[') return 0;
  std::size_t level = 1;
  while (peek(level) == '=') ++level;
  return peek(level) == '[' ? level + 1 : 0;
}

bool SourceLexer::read_long(std::size_t opening, std::string_view& inside) {
  const std::string closing = "]" + std::string(opening - 2, '=') + "]";
  const std::size_t begin = at_ + opening;
  const std::size_t end = source_.find(closing, begin);
  if (end == std::string_view::npos) return false;
  inside = source_.substr(begin, end - begin);
  at_ = end + closing.size();
  return true;
}

Token SourceLexer::word() {
  std::size_t length = 1;
  while (continues_name(peek(length))) ++length;
  const std::string_view text = source_.substr(at_, length);
  const bool is_keyword = std::find(kKeywords.begin(), kKeywords.end(), text) != kKeywords.end();
  return token(is_keyword ? Token::Kind::keyword : Token::Kind::name, length);
}

// As LuaJIT does it: whatever may belong to a number does, a sign only after its exponent ("1e-5", "0x1p+3").
Token SourceLexer::number() {
  const bool is_hex = peek() == '0' && (peek(1) == 'x' || peek(1) == 'X');
  std::size_t length = 1;
  for (;; ++length) {
    const char letter = peek(length);
    if (continues_name(letter) || letter == '.') continue;
    const char before = peek(length - 1);
    const bool after_exponent = is_hex ? before == 'p' || before == 'P' : before == 'e' || before == 'E';
    if ((letter != '+' && letter != '-') || !after_exponent) return token(Token::Kind::number, length);
  }
}

Token SourceLexer::quoted() {
  const char quote = peek();
  Token found{.kind = Token::Kind::string, .text = {}, .offset = at_};
  for (std::size_t length = 1;; ++length) {
    const char letter = peek(length);
    if (at_ + length >= source_.size() || letter == '\n') return broken();
    if (letter == quote) {
      found.text = source_.substr(at_ + 1, length - 1);
      at_ += length + 1;
      return found;
    }
    if (letter != '\\') continue;
    found.is_plain = false;
    ++length;
    if (peek(length) == 'z') {
      while (is_blank(peek(length + 1))) ++length;
    } else if (peek(length) == '\r' && peek(length + 1) == '\n') {
      ++length;
    }
  }
}

Token SourceLexer::symbol() {
  for (const std::string_view text : kLongSymbols) {
    if (at(text)) return token(Token::Kind::symbol, text.size());
  }
  return kShortSymbols.find(peek()) == std::string_view::npos ? broken() : token(Token::Kind::symbol, 1);
}

Token SourceLexer::broken() {
  is_broken_ = true;
  return {.kind = Token::Kind::broken, .text = {}, .offset = at_};
}

Token SourceLexer::token(Token::Kind kind, std::size_t length) {
  const Token found{.kind = kind, .text = source_.substr(at_, length), .offset = at_};
  at_ += length;
  return found;
}

}  // namespace opshost
