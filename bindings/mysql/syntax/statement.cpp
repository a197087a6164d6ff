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
  explicit Reading(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

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
    result.ends_transaction = ends_transaction(result);
    result.undoable = is_undoable(result);
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
    if (verb == "EXPLAIN" || verb == "DESCRIBE" || verb == "DESC") return what_explain_does_besides(verb);
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

  // EXPLAIN ANALYZE [FORMAT = JSON] runs the statement that follows.
  [[nodiscard]] std::string what_explain_does_besides(const std::string& verb) const {
    for (std::size_t i = 0; i + 1 < tokens_.size(); ++i) {
      if (word(i) == "INTO" && tokens_[i + 1].kind == TokenKind::variable) return verb + " ... INTO writes a variable";
    }
    const auto analyze = position_of("ANALYZE");
    if (!analyze) return {};
    std::size_t begin = *analyze + 1;
    if (word(begin) == "FORMAT") begin += 3;
    const bool selects =
        word(begin) == "SELECT" || word(begin) == "WITH" || (begin < tokens_.size() && is_symbol(tokens_[begin], '('));
    if (!selects) return verb + " ANALYZE runs the statement";
    const auto from = tokens_.begin() + static_cast<std::ptrdiff_t>(begin);
    const Classified run = Reading(std::vector<Token>(from, tokens_.end())).classify();
    if (run.only_reads && run.verb == "SELECT") return {};
    return verb + " ANALYZE runs the statement" + (run.verb == "SELECT" ? ": " + run.why : "");
  }

  [[nodiscard]] std::optional<std::size_t> position_of(std::string_view wanted) const {
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      if (word(i) == wanted) return i;
    }
    return std::nullopt;
  }
  [[nodiscard]] bool has(std::string_view wanted) const { return position_of(wanted).has_value(); }

  /// With what they lead to: CREATE OR REPLACE TEMPORARY TABLE.
  [[nodiscard]] bool is_of_temporary_table() const {
    const std::size_t object = word(1) == "OR" ? 3 : 1;
    return (word(0) == "CREATE" || word(0) == "DROP") && word(object) == "TEMPORARY";
  }

  [[nodiscard]] bool ends_transaction(const Classified& about) const {
    const std::string second = word(1);
    switch (about.kind) {
      case StatementKind::query:
        return false;
      case StatementKind::dml:
        return about.verb == "LOAD" && second == "INDEX";
      case StatementKind::ddl:
        return !is_of_temporary_table();
      case StatementKind::transaction:
        return !(about.verb == "SAVEPOINT" || about.verb == "RELEASE" || (about.verb == "ROLLBACK" && rolls_back_to()));
      case StatementKind::administration:
        break;
    }
    if (about.verb == "SET")
      return second == "PASSWORD" || second == "DEFAULT" || second == "STATEMENT" || sets_autocommit();
    if (about.verb == "ANALYZE") return !runs_with_analyze(second);
    constexpr std::array kHarmless = {"BINLOG", "DEALLOCATE", "EXECUTE", "HANDLER", "KILL", "PREPARE", "PURGE", "USE"};
    return std::ranges::find(kHarmless, about.verb) == kHarmless.end();
  }

  static bool runs_with_analyze(std::string_view word) {
    return word == "UPDATE" || word == "DELETE" || word == "INSERT" || word == "REPLACE" || word == "FORMAT";
  }

  [[nodiscard]] bool rolls_back_to() const { return word(1) == "TO" || word(2) == "TO"; }

  [[nodiscard]] bool sets_autocommit() const {
    return std::ranges::any_of(tokens_, [](const Token& token) {
      const bool system = token.kind != TokenKind::variable || token.text.starts_with("@@");
      return system && token.kind != TokenKind::string && upper(token.text).find("AUTOCOMMIT") != std::string::npos;
    });
  }

  [[nodiscard]] bool is_undoable(const Classified& about) const {
    switch (about.kind) {
      case StatementKind::query:
        return !has("OUTFILE") && !has("DUMPFILE");
      case StatementKind::dml:
        return about.verb != "CALL" && about.verb != "LOAD";
      case StatementKind::administration:
        return about.verb == "USE" || (about.verb == "SET" && sets_only_the_session());
      default:
        return false;
    }
  }

  // What scripts begin with. Others change the server, or may not be set while a transaction is open.
  [[nodiscard]] bool sets_only_the_session() const {
    if (word(1) == "NAMES" || word(1) == "CHARSET" || (word(1) == "CHARACTER" && word(2) == "SET")) return true;
    int depth = 0;
    bool is_target = true;
    for (std::size_t i = 1; i < tokens_.size(); ++i) {
      if (is_symbol(tokens_[i], '(')) ++depth;
      if (is_symbol(tokens_[i], ')')) --depth;
      if (depth == 0 && is_symbol(tokens_[i], ',')) {
        is_target = true;
      } else if (is_target) {
        if (word(i) == "SESSION" || word(i) == "LOCAL") continue;
        if (!is_target_of_session(tokens_[i])) return false;
        is_target = false;
      }
    }
    return tokens_.size() > 1;
  }

  static bool is_target_of_session(const Token& token) {
    if (token.kind == TokenKind::variable && !token.text.starts_with("@@")) return true;
    std::string name = upper(token.text);
    for (const std::string_view scope : {"@@", "SESSION.", "LOCAL."}) {
      if (name.starts_with(scope)) name.erase(0, scope.size());
    }
    constexpr std::array kNames = {"CHARACTER_SET_CLIENT",
                                   "CHARACTER_SET_CONNECTION",
                                   "CHARACTER_SET_RESULTS",
                                   "COLLATION_CONNECTION",
                                   "FOREIGN_KEY_CHECKS",
                                   "SQL_MODE",
                                   "SQL_NOTES",
                                   "TIME_ZONE",
                                   "TIMESTAMP",
                                   "UNIQUE_CHECKS"};
    return std::ranges::find(kNames, name) != kNames.end();
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
  if (as_comments.known) {
    as_code.ends_transaction = as_code.ends_transaction || as_comments.ends_transaction;
    as_code.undoable = as_code.undoable && as_comments.undoable;
  }
  return as_code;
}

}  // namespace opshost::mysql::syntax
