#pragma once
// Lua's tokens as LuaJIT reads them (5.1 with goto, 64-bit and complex number suffixes), for looking at a script
// without running it. Loading the script finds syntax errors; here they only end the reading.
#include <cstddef>
#include <string_view>

namespace opshost {

struct Token {
  enum class Kind : unsigned char { end, name, keyword, string, number, symbol, broken };
  Kind kind = Kind::end;
  std::string_view text;   ///< as it stands in the source; a string's without its quotes
  std::size_t offset = 0;  ///< of its first byte
  bool is_plain = true;    ///< a string: free of escapes, so that `text` is its value

  [[nodiscard]] bool is(std::string_view symbol_or_keyword) const {
    return (kind == Kind::symbol || kind == Kind::keyword) && text == symbol_or_keyword;
  }
};

class SourceLexer {
 public:
  /// Skips a byte order mark and a first line that begins with "#".
  explicit SourceLexer(std::string_view source);

  /// The next token; `end` or `broken` for ever once it is reached. `goto` is a name, since LuaJIT reads it as one too
  /// where no label follows.
  Token next();

 private:
  void skip_blank();
  [[nodiscard]] bool at(std::string_view text) const { return source_.substr(at_).starts_with(text); }
  [[nodiscard]] char peek(std::size_t ahead = 0) const {
    return at_ + ahead < source_.size() ? source_[at_ + ahead] : '\0';
  }
  /// Bytes of "[[", "[==[" at the front; 0 for none.
  [[nodiscard]] std::size_t long_bracket() const;
  /// The inside of a long string or comment; false where it never closes.
  bool read_long(std::size_t opening, std::string_view& inside);
  Token word();
  Token number();
  Token quoted();
  Token symbol();
  Token broken();
  Token token(Token::Kind kind, std::size_t length);

  std::string_view source_;
  std::size_t at_ = 0;
  bool is_broken_ = false;
};

}  // namespace opshost
