#include "bindings/mysql/syntax/statement.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

namespace opshost::mysql::syntax {

namespace {

struct Verb {
  std::string_view word;
  StatementKind kind;
};

constexpr std::array kVerbs = {
    Verb{"SELECT", StatementKind::query},
    Verb{"SHOW", StatementKind::query},
    Verb{"DESCRIBE", StatementKind::query},
    Verb{"DESC", StatementKind::query},
    Verb{"EXPLAIN", StatementKind::query},
    Verb{"TABLE", StatementKind::query},
    Verb{"VALUES", StatementKind::query},
    Verb{"HELP", StatementKind::query},
    Verb{"INSERT", StatementKind::dml},
    Verb{"UPDATE", StatementKind::dml},
    Verb{"DELETE", StatementKind::dml},
    Verb{"REPLACE", StatementKind::dml},
    Verb{"LOAD", StatementKind::dml},
    Verb{"CALL", StatementKind::dml},
    Verb{"DO", StatementKind::dml},
    Verb{"CREATE", StatementKind::ddl},
    Verb{"ALTER", StatementKind::ddl},
    Verb{"DROP", StatementKind::ddl},
    Verb{"RENAME", StatementKind::ddl},
    Verb{"TRUNCATE", StatementKind::ddl},
    Verb{"START", StatementKind::transaction},
    Verb{"BEGIN", StatementKind::transaction},
    Verb{"COMMIT", StatementKind::transaction},
    Verb{"ROLLBACK", StatementKind::transaction},
    Verb{"SAVEPOINT", StatementKind::transaction},
    Verb{"RELEASE", StatementKind::transaction},
    Verb{"XA", StatementKind::transaction},
    Verb{"ANALYZE", StatementKind::administration},
    Verb{"BACKUP", StatementKind::administration},
    Verb{"BINLOG", StatementKind::administration},
    Verb{"CACHE", StatementKind::administration},
    Verb{"CHANGE", StatementKind::administration},
    Verb{"CHECK", StatementKind::administration},
    Verb{"CHECKSUM", StatementKind::administration},
    Verb{"CLONE", StatementKind::administration},
    Verb{"DEALLOCATE", StatementKind::administration},
    Verb{"EXECUTE", StatementKind::administration},
    Verb{"FLUSH", StatementKind::administration},
    Verb{"GRANT", StatementKind::administration},
    Verb{"HANDLER", StatementKind::administration},
    Verb{"IMPORT", StatementKind::administration},
    Verb{"INSTALL", StatementKind::administration},
    Verb{"KILL", StatementKind::administration},
    Verb{"LOCK", StatementKind::administration},
    Verb{"OPTIMIZE", StatementKind::administration},
    Verb{"PREPARE", StatementKind::administration},
    Verb{"PURGE", StatementKind::administration},
    Verb{"REPAIR", StatementKind::administration},
    Verb{"RESET", StatementKind::administration},
    Verb{"RESTART", StatementKind::administration},
    Verb{"REVOKE", StatementKind::administration},
    Verb{"SET", StatementKind::administration},
    Verb{"SHUTDOWN", StatementKind::administration},
    Verb{"STOP", StatementKind::administration},
    Verb{"UNINSTALL", StatementKind::administration},
    Verb{"UNLOCK", StatementKind::administration},
    Verb{"USE", StatementKind::administration},
};

/// Verbs that WITH can lead to.
bool follows_with(std::string_view word) {
  constexpr std::array kWords = {"SELECT", "UPDATE", "DELETE", "INSERT", "REPLACE", "TABLE", "VALUES"};
  return std::ranges::find(kWords, word) != kWords.end();
}

bool may_only_read(std::string_view verb) {
  constexpr std::array kWords = {"SELECT", "SHOW", "DESCRIBE", "DESC", "EXPLAIN"};
  return std::ranges::find(kWords, verb) != kWords.end();
}

std::string shown(const Token& token) {
  constexpr std::size_t kLongest = 40;
  return token.text.size() <= kLongest ? std::string(token.text) : std::string(token.text.substr(0, kLongest)) + "...";
}

/// One reading of a statement.
class Reading {
 public:
  Reading(std::string_view text, ExecutableComments comments) {
    Lexer lexer(text, comments);
    for (Token token = lexer.next(); token.kind != TokenKind::end; token = lexer.next()) tokens_.push_back(token);
    while (!tokens_.empty() && is_symbol(tokens_.back(), ';')) tokens_.pop_back();
  }

  Classified classify() {
    if (tokens_.empty()) return unknown("there is no statement in it");
    if (const auto semicolon = std::ranges::find_if(tokens_, [](const Token& t) { return is_symbol(t, ';'); });
        semicolon != tokens_.end()) {
      return body_or_several();
    }
    return classify_one();
  }

 private:
  static bool is_symbol(const Token& token, char c) {
    return token.kind == TokenKind::symbol && token.text.front() == c;
  }
  [[nodiscard]] std::string word(std::size_t i) const {
    return i < tokens_.size() && tokens_[i].kind == TokenKind::word ? upper(tokens_[i].text) : std::string();
  }
  static Classified unknown(std::string why) { return {.why = std::move(why)}; }

  // A semicolon inside of one statement: only the body of a stored program has that.
  Classified body_or_several() {
    if (word(0) != "CREATE" && word(0) != "ALTER" && word(0) != "BEGIN") {
      return unknown("it has more than one statement; give them one at a time, or as a script");
    }
    return classify_one();
  }

  Classified classify_one() {
    std::size_t first = 0;
    while (first < tokens_.size() && is_symbol(tokens_[first], '(')) ++first;
    if (first == tokens_.size() || tokens_[first].kind != TokenKind::word) {
      return unknown("a statement begins with a word, not with " + shown(tokens_[std::min(first, tokens_.size() - 1)]));
    }
    std::string verb = word(first);
    if (verb == "WITH") {
      const auto led_to = verb_after_with(first);
      if (!led_to) return unknown("WITH leads to no SELECT, UPDATE or DELETE");
      verb = *led_to;
    }
    if (first > 0 && verb != "SELECT" && verb != "TABLE" && verb != "VALUES") {
      return unknown("no statement begins with a parenthesis and " + verb);
    }
    const auto* known = std::ranges::find(kVerbs, verb, &Verb::word);
    if (known == kVerbs.end()) return unknown("no statement begins with " + shown(tokens_[first]));
    Classified result{.known = true, .kind = kind_of(*known), .verb = verb};
    judge_reading(result);
    return result;
  }

  [[nodiscard]] std::optional<std::string> verb_after_with(std::size_t with) const {
    int depth = 0;
    for (std::size_t i = with + 1; i < tokens_.size(); ++i) {
      if (is_symbol(tokens_[i], '(')) ++depth;
      if (is_symbol(tokens_[i], ')')) --depth;
      if (depth == 0 && follows_with(word(i))) return word(i);
    }
    return std::nullopt;
  }

  // Users are rows of the server's own tables, and START SLAVE begins no transaction.
  [[nodiscard]] StatementKind kind_of(const Verb& verb) const {
    const std::string second = word(1);
    if (verb.word == "START" && second != "TRANSACTION") return StatementKind::administration;
    if (verb.kind == StatementKind::ddl) {
      const std::string object = second == "OR" ? word(3) : second;
      if (object == "USER" || object == "ROLE" || object == "SERVER" || object == "INSTANCE") {
        return StatementKind::administration;
      }
    }
    if (verb.word == "ANALYZE" && (second == "SELECT" || second == "WITH")) return StatementKind::query;
    return verb.kind;
  }

  void judge_reading(Classified& result) const {
    if (result.kind != StatementKind::query || !may_only_read(result.verb)) {
      result.why = result.verb + " is no SELECT, SHOW, DESCRIBE, EXPLAIN or WITH ... SELECT";
      return;
    }
    result.why = what_it_does_besides(result.verb);
    result.only_reads = result.why.empty();
  }

  [[nodiscard]] std::string what_it_does_besides(const std::string& verb) const {
    if (verb == "EXPLAIN" || verb == "DESCRIBE" || verb == "DESC") {
      if (std::ranges::any_of(tokens_, [](const Token& t) { return upper(t.text) == "ANALYZE"; }) && !has("SELECT")) {
        return verb + " ANALYZE runs the statement";
      }
      return {};
    }
    if (verb == "SHOW") return {};
    if (has("INTO")) return "SELECT ... INTO writes a file or variables";
    for (std::size_t i = 0; i + 1 < tokens_.size(); ++i) {
      if (word(i) == "FOR" && (word(i + 1) == "UPDATE" || word(i + 1) == "SHARE")) {
        return "SELECT ... FOR " + word(i + 1) + " takes locks";
      }
      if (word(i) == "LOCK" && word(i + 1) == "IN") return "SELECT ... LOCK IN SHARE MODE takes locks";
    }
    return {};
  }

  [[nodiscard]] bool has(std::string_view wanted) const {
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      if (word(i) == wanted) return true;
    }
    return false;
  }

  std::vector<Token> tokens_;
};

Classified read_one_way(std::string_view text, ExecutableComments comments) {
  try {
    return Reading(text, comments).classify();
  } catch (const SqlFault& fault) {
    return {.why = fault.what + " (line " + std::to_string(fault.line) + ")"};
  }
}

}  // namespace

Classified classify(std::string_view text) {
  Classified as_code = read_one_way(text, ExecutableComments::are_code);
  if (text.find("/*") == std::string_view::npos) return as_code;
  const Classified as_comments = read_one_way(text, ExecutableComments::are_comments);
  // The whole of it may stand in such a comment: mysqldump writes "/*!40101 SET NAMES utf8 */".
  if (as_code.only_reads && !as_comments.only_reads) {
    as_code.only_reads = false;
    as_code.why = "without its executable comments it is something else: " + as_comments.why;
  }
  return as_code;
}

}  // namespace opshost::mysql::syntax
