#pragma once
// SQL text as tokens, the way a MySQL or MariaDB server reads it. Strict: what cannot be read is an error, never a
// guess.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace opshost::mysql::syntax {

enum class TokenKind : std::uint8_t {
  word,    ///< a keyword or a bare name
  quoted,  ///< `name`
  string,  ///< 'text' or "text"
  number,
  variable,  ///< @name, @@name
  symbol,    ///< one character
  end,
};

struct Token {
  TokenKind kind = TokenKind::end;
  std::string_view text{};  ///< as it stands, quotes included
  std::size_t offset = 0;
};

/// Text that no server could read: an unterminated quote or comment. Lines count from 1.
struct SqlFault {
  std::size_t offset = 0;
  std::size_t line = 0;
  std::string what{};
};

/// A server runs the content of `/*! ... */` where its version is high enough; who judges a statement has to look at it
/// both ways.
enum class ExecutableComments : std::uint8_t { are_code, are_comments };

class Lexer {
 public:
  explicit Lexer(std::string_view text, ExecutableComments comments = ExecutableComments::are_code)
      : text_(text), comments_(comments) {}

  /// Throws SqlFault.
  Token next();
  [[nodiscard]] std::size_t position() const { return position_; }
  void move_to(std::size_t position) { position_ = position; }
  /// Past white space and comments: where the next token begins. Throws SqlFault.
  void skip_space();
  /// It stands inside of a /*! ... */.
  [[nodiscard]] bool in_comment() const { return executable_depth_ > 0; }

 private:
  [[nodiscard]] char at(std::size_t position) const { return position < text_.size() ? text_[position] : '\0'; }
  [[nodiscard]] bool looking_at(std::string_view prefix) const { return text_.substr(position_).starts_with(prefix); }
  bool skip_comment();
  bool begin_executable_comment();
  void skip_block_comment();
  void skip_line();
  Token take(TokenKind kind, std::size_t end);
  Token take_quoted(char quote);
  Token take_word();
  Token take_number();
  Token take_variable();

  std::string_view text_;
  ExecutableComments comments_;
  std::size_t position_ = 0;
  int executable_depth_ = 0;
};

/// Bytes of the opening of an executable comment, version included, that `text` begins with; 0: it begins with none.
std::size_t executable_opening(std::string_view text);

/// The line, from 1, of a byte.
std::size_t line_of(std::string_view text, std::size_t offset);

/// Upper case, ASCII only.
std::string upper(std::string_view text);

}  // namespace opshost::mysql::syntax
