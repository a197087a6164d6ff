#include "host/base/secret_patterns.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

namespace opshost {

namespace {

constexpr std::array<std::string_view, 16> kEndings{
    "password",   "passwd",      "passphrase", "secret",      "token", "apikey", "api_key",       "access_key",
    "secret_key", "private_key", "credential", "credentials", "_pass", "_pwd",   "authorization", "cookie"};

constexpr std::size_t kLongestName = 128;
/// Blanks and comments between two words of SQL, and what SET PASSWORD has in front of its "=". Every search forward
/// ends somewhere, so that no text takes the square of its length.
constexpr std::size_t kLongestGap = 256;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_name(char c) {
  const char l = lower(c);
  return (l >= 'a' && l <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

bool is_blank(char c) { return c == ' ' || c == '\t'; }

std::size_t skip_blanks(std::string_view text, std::size_t at) {
  while (at < text.size() && is_blank(text[at])) ++at;
  return at;
}

bool word_at(std::string_view text, std::size_t at, std::string_view word) {
  if (text.size() - std::min(at, text.size()) < word.size()) return false;
  for (std::size_t i = 0; i < word.size(); ++i) {
    if (lower(text[at + i]) != word[i]) return false;
  }
  return true;
}

/// A text in quotes that begins at `at`, backslashes before its quote included: where its content begins and ends. A
/// missing end is the text's.
std::optional<TextRange> quoted_at(std::string_view text, std::size_t at) {
  std::size_t quote = at;
  while (quote < text.size() && text[quote] == '\\') ++quote;
  if (quote >= text.size() || (text[quote] != '"' && text[quote] != '\'')) return std::nullopt;
  const std::size_t escapes = quote - at;
  std::size_t end = quote + 1;
  for (; end < text.size(); ++end) {
    if (text[end] != text[quote]) continue;
    std::size_t backslashes = 0;
    while (backslashes < end - quote - 1 && text[end - 1 - backslashes] == '\\') ++backslashes;
    if (backslashes > escapes) continue;
    // SQL doubles a quote to mean it.
    const std::size_t next = end + 1 + escapes;
    if (text[quote] == '\'' && next < text.size() && text[next] == '\'' && escapes == 0) {
      end = next;
      continue;
    }
    return TextRange{quote + 1, end - std::min(backslashes, escapes)};
  }
  return TextRange{quote + 1, text.size()};
}

/// The name that ends before `end`.
std::string_view name_before(std::string_view text, std::size_t end) {
  std::size_t begin = end;
  while (begin > 0 && end - begin < kLongestName && is_name(text[begin - 1])) --begin;
  return text.substr(begin, end - begin);
}

/// Behind blanks, line breaks (escaped ones too) and comments of SQL.
std::size_t skip_gap(std::string_view text, std::size_t at) {
  const std::string_view near = text.substr(0, std::min(text.size(), at + kLongestGap));
  while (at < near.size()) {
    const auto rest = near.substr(at);
    if (is_blank(rest.front()) || rest.front() == '\n' || rest.front() == '\r') {
      ++at;
    } else if (rest.starts_with("\\n") || rest.starts_with("\\r") || rest.starts_with("\\t")) {
      at += 2;
    } else if (rest.starts_with("/*")) {
      const std::size_t end = rest.find("*/", 2);
      if (end == std::string_view::npos) return at;
      at += end + 2;
    } else if (rest.starts_with("--") || rest.front() == '#') {
      const std::size_t end = rest.find('\n');
      if (end == std::string_view::npos) return at;
      at += end + 1;
    } else {
      return at;
    }
  }
  return at;
}

/// The word stands there as a whole.
bool whole_word_at(std::string_view text, std::size_t at, std::string_view word) {
  return word_at(text, at, word) && (at + word.size() >= text.size() || !is_name(text[at + word.size()]));
}

class Finder {
 public:
  explicit Finder(std::string_view text) : text_(text) {}

  std::vector<TextRange> run() {
    for (std::size_t i = 0; i < text_.size(); ++i) {
      const std::size_t known = found_.size();
      look_at(i);
      // Within what is blanked there is nothing more to find.
      if (found_.size() > known) i = std::max(i, found_.back().end - 1);
    }
    return std::move(found_);
  }

 private:
  void look_at(std::size_t i) {
    const char c = text_[i];
    if (c == '=') {
      assignment(i);
    } else if (c == ':') {
      field(i);
      login(i);
    } else if (lower(c) == 'i' && word_at(text_, i, "identified")) {
      identified(i + 10);
    } else if (lower(c) == 's' && whole_word_at(text_, i, "set")) {
      set_password(i + 3);
    } else if (c == '(' && word_before(i, "password")) {
      add(quoted_at(text_, skip_blanks(text_, i + 1)));
    }
  }

  void add(const std::optional<TextRange>& range) {
    if (!range || range->end <= range->begin) return;
    if (!is_secret_reference(text_.substr(range->begin, range->end - range->begin))) found_.push_back(*range);
  }

  [[nodiscard]] bool word_before(std::size_t end, std::string_view word) const {
    return end >= word.size() && word_at(text_, end - word.size(), word);
  }

  /// NAME=value, NAME = "value", ["NAME"] = "value", NAME = 123456.
  void assignment(std::size_t equals) {
    std::size_t end = equals;
    while (end > 0 && is_blank(text_[end - 1])) --end;
    const bool has_blanks = end < equals;
    if (end > 0 && text_[end - 1] == ']') --end;
    while (end > 0 && (text_[end - 1] == '"' || text_[end - 1] == '\\')) --end;
    if (!is_secret_name(name_before(text_, end))) return;
    const std::size_t value = skip_blanks(text_, equals + 1);
    if (const auto quoted = quoted_at(text_, value)) return add(quoted);
    // "password = x" without quotes is a sentence; NAME=x is not, up to where a list or a line goes on.
    if (has_blanks || value > equals + 1) return add(number_at(value));
    const std::size_t stop = text_.find_first_of(std::string_view(" \t\r\n\"'`,;&|)}]\\\0", 16), value);
    add(TextRange{value, std::min(stop, text_.size())});
  }

  /// "NAME": "value", "NAME": 123456.
  void field(std::size_t colon) {
    std::size_t end = colon;
    if (end == 0 || text_[end - 1] != '"') return;
    --end;
    while (end > 0 && text_[end - 1] == '\\') --end;
    if (!is_secret_name(name_before(text_, end))) return;
    const std::size_t value = skip_blanks(text_, colon + 1);
    const auto quoted = quoted_at(text_, value);
    add(quoted ? quoted : number_at(value));
  }

  /// scheme://name:value@host.
  void login(std::size_t colon) {
    if (!word_at(text_, colon, "://")) return;
    const std::size_t begin = colon + 3;
    const std::size_t end =
        std::min(text_.find_first_of(std::string_view("/?# \t\r\n\"'`\\<>\0", 14), begin), text_.size());
    const auto authority = text_.substr(begin, end - begin);
    const auto at = authority.rfind('@');
    const auto value = authority.find(':');
    if (at == std::string_view::npos || value == std::string_view::npos || value > at) return;
    add(TextRange{begin + value + 1, begin + at});
  }

  /// Digits that a word does not go on behind: "password = 5 tries" is a sentence, too.
  [[nodiscard]] std::optional<TextRange> number_at(std::size_t at) const {
    constexpr std::size_t kFewestDigits = 6;
    std::size_t end = at;
    if (end < text_.size() && text_[end] == '-') ++end;
    while (end < text_.size() && ((text_[end] >= '0' && text_[end] <= '9') || text_[end] == '.')) ++end;
    if (end - at < kFewestDigits || (end < text_.size() && is_name(text_[end]))) return std::nullopt;
    return TextRange{at, end};
  }

  /// IDENTIFIED [WITH plugin] BY|AS|USING [PASSWORD] 'value'.
  void identified(std::size_t at) {
    at = skip_gap(text_, at);
    for (const std::string_view before : {"with", "via"}) {
      if (!whole_word_at(text_, at, before)) continue;
      at = skip_gap(text_, at + before.size());
      const std::size_t longest = std::min(text_.size(), at + kLongestName);
      while (at < longest && (is_name(text_[at]) || text_[at] == '\'' || text_[at] == '`' || text_[at] == '"')) ++at;
      at = skip_gap(text_, at);
    }
    for (const std::string_view word : {"by", "as", "using"}) {
      if (!whole_word_at(text_, at, word)) continue;
      at = skip_gap(text_, at + word.size());
      if (whole_word_at(text_, at, "password")) at = skip_gap(text_, at + 8);
      return add(quoted_at(text_, at));
    }
  }

  /// SET PASSWORD FOR 'user'@'host' = 'value'.
  void set_password(std::size_t at) {
    at = skip_gap(text_, at);
    if (!whole_word_at(text_, at, "password")) return;
    const auto near = text_.substr(0, std::min(text_.size(), at + kLongestGap));
    const std::size_t equals = near.find_first_of("=;", at);
    if (equals == std::string_view::npos || near[equals] == ';') return;
    add(quoted_at(text_, skip_gap(text_, equals + 1)));
  }

  std::string_view text_;
  std::vector<TextRange> found_;
};

}  // namespace

bool is_secret_name(std::string_view name) {
  while (!name.empty() && (name.back() == '-' || name.back() == '.')) name.remove_suffix(1);
  std::string folded;
  folded.reserve(name.size());
  for (const char c : name) folded += c == '-' || c == '.' ? '_' : lower(c);
  return std::any_of(kEndings.begin(), kEndings.end(),
                     [&](std::string_view ending) { return std::string_view(folded).ends_with(ending); });
}

std::vector<TextRange> find_secret_values(std::string_view text) { return Finder(text).run(); }

bool is_secret_reference(std::string_view text) {
  if (text == "input") return true;
  for (const std::string_view kind : {"env:", "file:", "command:"}) {
    if (text.starts_with(kind) && text.size() > kind.size()) return true;
  }
  return false;
}

bool is_secret_field(std::string_view name, const Value& value) {
  if (!is_secret_name(name)) return false;
  if (const auto* text = value.get_if<std::string>()) return !text->empty() && !is_secret_reference(*text);
  return value.get_if<std::int64_t>() != nullptr || value.get_if<std::uint64_t>() != nullptr ||
         value.get_if<double>() != nullptr;
}

}  // namespace opshost
