#include "bindings/mysql/syntax/lexer.hpp"

#include <algorithm>

namespace opshost::mysql::syntax {

namespace {

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
/// Bytes from 128 on are letters of UTF-8 names.
bool is_word(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' ||
         static_cast<unsigned char>(c) >= 0x80;
}

const char* name_of_quote(char quote) {
  if (quote == '\'') return "a string that begins with ' is not closed";
  if (quote == '"') return "a string that begins with \" is not closed";
  return "a name that begins with ` is not closed";
}

}  // namespace

std::size_t line_of(std::string_view text, std::size_t offset) {
  const auto before = text.substr(0, offset);
  return 1 + static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
}

std::string upper(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return result;
}

// "/*!", "/*!50110 ", MariaDB's "/*M!100100 ": five or six digits are a version. That of 999999 no server has:
// mariadb-dump begins with such a comment, for the client.
std::size_t executable_opening(std::string_view text) {
  const std::size_t size = text.starts_with("/*!") ? 3 : text.starts_with("/*M!") ? 4 : 0;
  if (size == 0) return 0;
  std::size_t digits = 0;
  while (digits < 6 && size + digits < text.size() && is_digit(text[size + digits])) ++digits;
  if (text.substr(size, digits) == "999999") return 0;
  return digits >= 5 ? size + digits : size;
}

Token Lexer::take(TokenKind kind, std::size_t end) {
  const Token token{kind, text_.substr(position_, end - position_), position_};
  position_ = end;
  return token;
}

Token Lexer::next() {
  skip_space();
  if (position_ >= text_.size()) {
    if (executable_depth_ > 0) throw SqlFault{text_.size(), line_of(text_, text_.size()), "a /*! is not closed"};
    return {TokenKind::end, {}, text_.size()};
  }
  const char c = at(position_);
  if (c == '\'' || c == '"' || c == '`') return take_quoted(c);
  if (c == '@') return take_variable();
  if (is_digit(c)) return take_number();
  if (is_word(c)) return take_word();
  return take(TokenKind::symbol, position_ + 1);
}

void Lexer::skip_space() {
  while (position_ < text_.size()) {
    if (is_space(at(position_))) {
      ++position_;
    } else if (executable_depth_ > 0 && looking_at("*/")) {
      --executable_depth_;
      position_ += 2;
    } else if (!skip_comment()) {
      return;
    }
  }
}

bool Lexer::skip_comment() {
  // "--" begins a comment only before white space: 5--3 is arithmetic.
  const bool dashes = looking_at("--") && (position_ + 2 == text_.size() || is_space(at(position_ + 2)));
  if (dashes || at(position_) == '#') {
    skip_line();
    return true;
  }
  if (!looking_at("/*")) return false;
  if (!begin_executable_comment()) skip_block_comment();
  return true;
}

bool Lexer::begin_executable_comment() {
  if (comments_ == ExecutableComments::are_comments) return false;
  const auto size = executable_opening(text_.substr(position_));
  if (size == 0) return false;
  position_ += size;
  ++executable_depth_;
  return true;
}

void Lexer::skip_block_comment() {
  const auto end = text_.find("*/", position_ + 2);
  if (end == std::string_view::npos) {
    throw SqlFault{position_, line_of(text_, position_), "a comment that begins with /* is not closed"};
  }
  position_ = end + 2;
}

void Lexer::skip_line() {
  const auto end = text_.find('\n', position_);
  position_ = end == std::string_view::npos ? text_.size() : end + 1;
}

Token Lexer::take_quoted(char quote) {
  for (std::size_t i = position_ + 1; i < text_.size(); ++i) {
    if (text_[i] == '\\' && quote != '`') {
      ++i;
    } else if (text_[i] == quote) {
      if (at(i + 1) != quote) return take(quote == '`' ? TokenKind::quoted : TokenKind::string, i + 1);
      ++i;
    }
  }
  throw SqlFault{position_, line_of(text_, position_), name_of_quote(quote)};
}

Token Lexer::take_word() {
  std::size_t end = position_ + 1;
  while (end < text_.size() && is_word(text_[end])) ++end;
  return take(TokenKind::word, end);
}

// 1, 1.5, 1e5, 0xFF, and names that begin with a digit (1abc), which servers allow.
Token Lexer::take_number() {
  std::size_t end = position_ + 1;
  while (end < text_.size() && (is_word(text_[end]) || text_[end] == '.')) ++end;
  return take(TokenKind::number, end);
}

// @name, @@global.name, @'any text', @`any text`
Token Lexer::take_variable() {
  std::size_t end = position_ + 1;
  while (at(end) == '@') ++end;
  const char c = at(end);
  if (c == '\'' || c == '"' || c == '`') {
    const auto begin = position_;
    position_ = end;
    take_quoted(c);
    end = position_;
    position_ = begin;
    return take(TokenKind::variable, end);
  }
  while (end < text_.size() && (is_word(text_[end]) || text_[end] == '.')) ++end;
  return take(TokenKind::variable, end);
}

}  // namespace opshost::mysql::syntax
