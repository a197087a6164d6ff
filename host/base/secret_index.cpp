#include "host/base/secret_index.hpp"

#include <algorithm>

namespace opshost {

namespace {

/// JSON within JSON, a URL within JSON. Deeper nesting is not looked for.
constexpr int kEscapings = 2;

constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

bool is_base64_digit(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/' ||
         c == '-' || c == '_';
}

/// The digits that `secret` alone decides when `before` bytes stand in front of it in its group of three.
std::string base64_core(std::string_view secret, std::size_t before) {
  std::string digits;
  unsigned bits = 0;
  unsigned pending = 0;
  std::size_t to_skip = (8 * before + 5) / 6;  // those with bits of the bytes in front
  const auto push = [&](unsigned byte) {
    bits = (bits << 8U) | byte;
    pending += 8;
    while (pending >= 6) {
      pending -= 6;
      if (to_skip > 0) {
        --to_skip;
      } else {
        digits += kBase64[(bits >> pending) & 0x3FU];
      }
    }
    bits &= (1U << pending) - 1U;
  };
  for (std::size_t i = 0; i < before; ++i) push(0);
  for (const char c : secret) push(static_cast<unsigned char>(c));
  return digits;
}

std::string url_safe(std::string digits) {
  std::replace(digits.begin(), digits.end(), '+', '-');
  std::replace(digits.begin(), digits.end(), '/', '_');
  return digits;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

constexpr std::uint64_t kPrefixMask = (std::uint64_t{1} << (8 * SecretIndex::kMinLength)) - 1;

std::uint64_t shift_in(std::uint64_t prefix, char c) {
  return ((prefix << 8U) | static_cast<unsigned char>(c)) & kPrefixMask;
}

std::uint64_t prefix_of(std::string_view needle) {
  std::uint64_t prefix = 0;
  for (const char c : needle.substr(0, SecretIndex::kMinLength)) prefix = shift_in(prefix, c);
  return prefix;
}

/// The bit of a prefix in a filter of 2^n words: the high bits of Knuth's multiplicative hash.
std::uint64_t filter_bit(std::uint64_t prefix, std::size_t words) {
  return ((prefix * 0x9E3779B97F4A7C15U) >> 24U) & (words * 64 - 1);
}

std::size_t common_prefix(std::string_view a, std::string_view b) {
  const std::size_t shorter = std::min(a.size(), b.size());
  std::size_t length = 0;
  while (length < shorter && a[length] == b[length]) ++length;
  return length;
}

/// The digits at both ends hold some bits of the secret too; "=" only looks odd when left.
void widen_base64(std::string_view text, std::size_t& begin, std::size_t& end) {
  if (begin > 0 && is_base64_digit(text[begin - 1])) --begin;
  if (end < text.size() && is_base64_digit(text[end])) ++end;
  for (int i = 0; i < 2 && end < text.size() && text[end] == '='; ++i) ++end;
}

}  // namespace

std::string blank(std::string_view text, std::vector<TextRange> ranges) {
  std::sort(ranges.begin(), ranges.end(), [](const TextRange& a, const TextRange& b) { return a.begin < b.begin; });
  std::string blanked;
  std::size_t shown = 0;  // all before it is dealt with
  for (std::size_t i = 0; i < ranges.size();) {
    TextRange range = ranges[i];
    while (++i < ranges.size() && ranges[i].begin <= range.end) range.end = std::max(range.end, ranges[i].end);
    blanked.append(text.substr(shown, range.begin - shown)).append("***");
    shown = range.end;
  }
  return blanked.append(text.substr(shown));
}

void SecretIndex::add(const std::string& secret) {
  if (secret.size() < kMinLength) return;
  add_needle(secret, Form::raw);
  add_base64(secret);
  // A file's last line break is seldom sent along.
  const std::string_view inner = trimmed(secret);
  if (inner.size() >= kMinLength && inner != secret) {
    add_needle(inner, Form::raw);
    add_base64(inner);
  }
  if (secret.find('\n') != std::string::npos) add_lines(secret);
}

/// A log shows a key line by line. The "-----BEGIN" around it tells nothing.
void SecretIndex::add_lines(std::string_view secret) {
  while (!secret.empty()) {
    const std::size_t end = std::min(secret.find('\n'), secret.size());
    const std::string_view line = trimmed(secret.substr(0, end));
    if (line.size() >= kMinLength && !line.starts_with("-----")) add_needle(line, Form::raw);
    secret.remove_prefix(std::min(end + 1, secret.size()));
  }
}

void SecretIndex::add_base64(std::string_view secret) {
  for (std::size_t before = 0; before < 3; ++before) {
    const std::string digits = base64_core(secret, before);
    add_needle(digits, Form::base64);
    add_needle(url_safe(digits), Form::base64);
  }
}

void SecretIndex::add_needle(std::string_view needle, Form form) {
  // A value that is also somebody's base64 stays what widens more.
  const auto [place, is_new] = needles_.try_emplace(std::string(needle), form);
  if (form == Form::base64) place->second = form;
  if (!is_new) return;
  some_have_spaces_ = some_have_spaces_ || needle.find(' ') != std::string_view::npos;
  some_have_quotes_ = some_have_quotes_ || needle.find_first_of("'\"") != std::string_view::npos;
  constexpr std::size_t kBitsPerNeedle = 32;
  if (filter_.size() * 64 < needles_.size() * kBitsPerNeedle) {
    rebuild_filter();
  } else {
    add_to_filter(prefix_of(needle));
  }
}

void SecretIndex::rebuild_filter() {
  constexpr std::size_t kFirstWords = 1024;
  filter_.assign(std::max(kFirstWords, filter_.size() * 2), 0);
  for (const auto& [needle, form] : needles_) add_to_filter(prefix_of(needle));
}

void SecretIndex::add_to_filter(std::uint64_t prefix) {
  const std::uint64_t bit = filter_bit(prefix, filter_.size());
  filter_[bit / 64] |= std::uint64_t{1} << (bit % 64);
}

bool SecretIndex::may_start(std::uint64_t prefix) const {
  const std::uint64_t bit = filter_bit(prefix, filter_.size());
  return ((filter_[bit / 64] >> (bit % 64)) & 1U) != 0;
}

/// Whatever sorts between a needle that begins `text` and `text` begins with that needle too. So the one before `text`
/// either is the longest, or shows how much of `text` the longest can have at most.
SecretIndex::Needles::const_iterator SecretIndex::longest_at_front(std::string_view text) const {
  while (text.size() >= kMinLength) {
    auto needle = needles_.upper_bound(text);
    if (needle == needles_.begin()) break;
    --needle;
    const std::size_t common = common_prefix(needle->first, text);
    if (common == needle->first.size()) return needle;
    text = text.substr(0, common);
  }
  return needles_.end();
}

void SecretIndex::find(const TextView& view, Search search, std::vector<TextRange>& found) const {
  const std::string_view text = view.text;
  std::uint64_t prefix = 0;
  for (std::size_t last = 0; last < text.size(); ++last) {
    prefix = shift_in(prefix, text[last]);
    if (last + 1 < kMinLength || !may_start(prefix)) continue;
    std::size_t begin = last + 1 - kMinLength;
    const auto needle = longest_at_front(text.substr(begin));
    if (needle == needles_.end()) continue;
    if (search == Search::base64_only && needle->second != Form::base64) continue;
    std::size_t end = begin + needle->first.size();
    if (needle->second == Form::base64) widen_base64(text, begin, end);
    found.push_back(view.original(begin, end));
  }
}

void SecretIndex::find_unescaped(const TextView& view, int escapings_left, std::vector<TextRange>& found) const {
  find(view, Search::everything, found);
  if (view.text.find('\n') != std::string::npos) find(undo_line_breaks(view), Search::base64_only, found);
  if (escapings_left == 0) return;
  const auto look_into = [&](const TextView& unescaped) {
    if (unescaped.changed) find_unescaped(unescaped, escapings_left - 1, found);
  };
  if (view.text.find('\\') != std::string::npos) look_into(undo_backslashes(view));
  const bool has_doubled = view.text.find("''") != std::string::npos || view.text.find("\"\"") != std::string::npos;
  if (some_have_quotes_ && has_doubled) look_into(undo_doubled_quotes(view));
  if (view.text.find('%') != std::string::npos) look_into(undo_percent(view, false));
  if (some_have_spaces_ && view.text.find('+') != std::string::npos) look_into(undo_percent(view, true));
}

void SecretIndex::find(std::string_view text, std::vector<TextRange>& found) const {
  if (needles_.empty()) return;
  find_unescaped({.text = std::string(text), .origin = {}, .changed = false}, kEscapings, found);
}

std::size_t SecretIndex::begun_at_end(std::string_view text) const {
  constexpr std::size_t kLongestBegun = 4096;
  if (text.size() > kLongestBegun) text.remove_prefix(text.size() - kLongestBegun);
  for (; text.size() >= kMinBegun; text.remove_prefix(1)) {
    const auto needle = needles_.upper_bound(text);
    if (needle != needles_.end() && needle->first.starts_with(text)) return text.size();
  }
  return 0;
}

std::string SecretIndex::redact(std::string_view text) const {
  std::vector<TextRange> found;
  find(text, found);
  return found.empty() ? std::string(text) : blank(text, std::move(found));
}

}  // namespace opshost
