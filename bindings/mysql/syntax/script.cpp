#include "bindings/mysql/syntax/script.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace opshost::mysql::syntax {

namespace {

/// Words at the beginning of a line that the mysql client obeys itself.
bool is_client_command(std::string_view word) {
  constexpr std::array kWords = {"SOURCE", "SYSTEM", "PAGER", "TEE", "NOTEE", "EDIT", "CONNECT", "EGO", "NOPAGER"};
  const std::string upper_word = upper(word);
  for (const char* command : kWords) {
    if (upper_word == command) return true;
  }
  return false;
}

class Splitter {
 public:
  explicit Splitter(std::string_view text) : text_(text), lexer_(text) {}

  std::vector<ScriptStatement> split() {
    // A byte-order mark is no part of the first statement.
    if (text_.starts_with("\xEF\xBB\xBF")) lexer_.move_to(3);
    while (begin_statement()) read_statement();
    return std::move(statements_);
  }

 private:
  [[noreturn]] void fail(std::size_t offset, std::string what) const {
    throw SqlFault{offset, line_of(offset), std::move(what)};
  }

  /// Counts on from the last one asked for: scripts are long.
  std::size_t line_of(std::size_t offset) const {
    if (offset < counted_to_) return syntax::line_of(text_, offset);
    lines_ += syntax::line_of(text_.substr(counted_to_), offset - counted_to_) - 1;
    counted_to_ = offset;
    return lines_;
  }

  [[nodiscard]] bool at_delimiter() const { return text_.substr(lexer_.position()).starts_with(delimiter_); }

  bool begin_statement() {
    for (;;) {
      skip_plain_comments();
      if (lexer_.position() >= text_.size()) return false;
      if (at_delimiter()) {
        lexer_.move_to(lexer_.position() + delimiter_.size());
      } else if (!obey_client_command()) {
        return true;
      }
    }
  }

  // A comment that the server may run is a statement, or the beginning of one.
  void skip_plain_comments() {
    const auto begin = lexer_.position();
    Lexer comments(text_, ExecutableComments::are_comments);
    comments.move_to(begin);
    comments.skip_space();
    lexer_.move_to(find_executable(begin, comments.position()).value_or(comments.position()));
  }

  /// The first executable comment among white space and comments. An opening inside of another comment is text.
  [[nodiscard]] std::optional<std::size_t> find_executable(std::size_t begin, std::size_t end) const {
    for (std::size_t at = begin; at < end;) {
      const auto rest = text_.substr(at, end - at);
      if (executable_opening(rest) > 0) return at;
      if (rest.starts_with("/*")) {
        at = text_.find("*/", at + 2) + 2;
      } else if (rest.front() == '#' || rest.front() == '-') {
        const auto line_end = text_.find('\n', at);
        at = line_end == std::string_view::npos ? end : line_end + 1;
      } else {
        ++at;
      }
    }
    return std::nullopt;
  }

  bool obey_client_command() {
    const auto begin = lexer_.position();
    if (text_[begin] == '\\')
      fail(begin, "\\" + std::string(text_.substr(begin + 1, 1)) + " is a command of the mysql client, no SQL");
    Lexer probe(text_);
    probe.move_to(begin);
    const Token first = probe.next();
    if (first.kind != TokenKind::word || first.offset != begin) return false;
    if (upper(first.text) == "DELIMITER") {
      take_delimiter(begin + first.text.size());
      return true;
    }
    if (is_client_command(first.text)) {
      fail(begin, "\"" + std::string(first.text) + "\" is a command of the mysql client, no SQL");
    }
    return false;
  }

  void take_delimiter(std::size_t from) {
    auto end = text_.find('\n', from);
    if (end == std::string_view::npos) end = text_.size();
    std::string_view rest = text_.substr(from, end - from);
    while (!rest.empty() && (rest.front() == ' ' || rest.front() == '\t')) rest.remove_prefix(1);
    const auto word_end = rest.find_first_of(" \t\r");
    rest = rest.substr(0, word_end);
    if (rest.empty()) fail(from, "DELIMITER without a delimiter");
    if (rest.find('\\') != std::string_view::npos) fail(from, "a delimiter with a backslash, which would escape");
    delimiter_ = std::string(rest);
    lexer_.move_to(end);
  }

  // Up to the delimiter that stands outside of strings, names and comments. The last one may go without.
  void read_statement() {
    const auto begin = lexer_.position();
    std::size_t end = begin;
    for (;;) {
      if (at_delimiter() && !lexer_.in_comment()) {
        lexer_.move_to(lexer_.position() + delimiter_.size());
        break;
      }
      if (text_.substr(lexer_.position()).starts_with("\\")) {
        fail(lexer_.position(), "a backslash outside of a string; \\G and \\g are commands of the mysql client");
      }
      const Token token = next_before_delimiter();
      if (token.kind == TokenKind::end) break;
      end = token.offset + token.text.size();
      lexer_.skip_space();
    }
    statements_.push_back({text_.substr(begin, std::max(end, last_code(begin, end)) - begin), line_of(begin)});
  }

  /// A statement may end in an executable comment, whose closing is part of it.
  [[nodiscard]] std::size_t last_code(std::size_t begin, std::size_t end) const {
    const auto closing = text_.substr(end).find_first_not_of(" \t\r\n");
    if (closing == std::string_view::npos || !text_.substr(end + closing).starts_with("*/")) return end;
    const auto inside = text_.substr(begin, end - begin);
    const auto opening = inside.rfind("/*");
    return opening == std::string_view::npos ? end : end + closing + 2;
  }

  // A word may run into a delimiter of letters or symbols: "END$$", "x//".
  Token next_before_delimiter() {
    Token token = lexer_.next();
    if (token.kind != TokenKind::word && token.kind != TokenKind::number && token.kind != TokenKind::variable)
      return token;
    const auto inside = token.text.find(delimiter_);
    if (inside == std::string_view::npos || inside == 0) return token;
    token.text = token.text.substr(0, inside);
    lexer_.move_to(token.offset + inside);
    return token;
  }

  std::string_view text_;
  Lexer lexer_;
  std::string delimiter_ = ";";
  std::vector<ScriptStatement> statements_;
  mutable std::size_t counted_to_ = 0;
  mutable std::size_t lines_ = 1;
};

}  // namespace

std::vector<ScriptStatement> split_script(std::string_view text) { return Splitter(text).split(); }

}  // namespace opshost::mysql::syntax
