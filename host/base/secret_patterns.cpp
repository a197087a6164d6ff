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

class Finder {
 public:
  explicit Finder(std::string_view text) : text_(text) {}

  std::vector<TextRange> run() {
    for (std::size_t i = 0; i < text_.size(); ++i) {
      const char c = text_[i];
      if (c == '=') {
        assignment(i);
      } else if (c == ':') {
        field(i);
        login(i);
      } else if (lower(c) == 'i' && word_at(text_, i, "identified")) {
        identified(i + 10);
      } else if (c == '(' && word_before(i, "password")) {
        add(quoted_at(text_, skip_blanks(text_, i + 1)));
      }
    }
    return std::move(found_);
  }

 private:
  void add(const std::optional<TextRange>& range) {
    if (range && range->end > range->begin) found_.push_back(*range);
  }

  [[nodiscard]] bool word_before(std::size_t end, std::string_view word) const {
    return end >= word.size() && word_at(text_, end - word.size(), word);
  }

  /// NAME=value, NAME = "value", ["NAME"] = "value".
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
    if (has_blanks || value > equals + 1) return;
    const std::size_t stop = text_.find_first_of(std::string_view(" \t\r\n\"'`,;&|)}]\\\0", 17), value);
    add(TextRange{value, std::min(stop, text_.size())});
  }

  /// "NAME": "value".
  void field(std::size_t colon) {
    std::size_t end = colon;
    if (end == 0 || text_[end - 1] != '"') return;
    --end;
    while (end > 0 && text_[end - 1] == '\\') --end;
    if (is_secret_name(name_before(text_, end))) add(quoted_at(text_, skip_blanks(text_, colon + 1)));
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

  /// IDENTIFIED [WITH plugin] BY|AS [PASSWORD] 'value'.
  void identified(std::size_t at) {
    at = skip_blanks(text_, at);
    for (const std::string_view before : {"with", "via"}) {
      if (!word_at(text_, at, before)) continue;
      at = skip_blanks(text_, at + before.size());
      while (at < text_.size() && (is_name(text_[at]) || text_[at] == '\'' || text_[at] == '`' || text_[at] == '"'))
        ++at;
      at = skip_blanks(text_, at);
    }
    const bool takes = word_at(text_, at, "by") || word_at(text_, at, "as") || word_at(text_, at, "using");
    if (!takes) return;
    while (at < text_.size() && is_name(text_[at])) ++at;
    at = skip_blanks(text_, at);
    if (word_at(text_, at, "password")) at = skip_blanks(text_, at + 8);
    add(quoted_at(text_, at));
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

Value without_secret_fields(const Value& value) {
  if (const auto* list = value.get_if<ValueList>()) {
    ValueList blanked;
    blanked.reserve(list->size());
    for (const auto& element : *list) blanked.push_back(without_secret_fields(element));
    return blanked;
  }
  const auto* map = value.get_if<ValueMap>();
  if (map == nullptr) return value;
  ValueMap blanked;
  blanked.reserve(map->size());
  for (const auto& [name, field] : *map) {
    const auto* text = field.get_if<std::string>();
    const bool is_secret = text != nullptr && !text->empty() && is_secret_name(name);
    blanked.emplace_back(name, is_secret ? Value("***") : without_secret_fields(field));
  }
  return blanked;
}

}  // namespace opshost
