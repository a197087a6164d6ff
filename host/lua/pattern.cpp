#include "host/lua/pattern.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "host/lua/interrupt.hpp"

namespace opshost::lua {

namespace {

constexpr std::ptrdiff_t kStepsBetweenPolls = 1000;

/// LuaJIT's own bound (LJ_MAX_XLEVEL), so that the same patterns are refused; a level takes about 150 bytes of stack.
constexpr int kMaxDepth = 200;

/// Of a plain search between two looks at the interrupt.
constexpr std::size_t kPlainChunk = std::size_t{1} << 20U;

constexpr char kEscape = '%';

/// The classes of ASCII as the C locale has them, one bit each; bytes from 0x80 on belong to none.
constexpr unsigned kControl = 1;
constexpr unsigned kSpace = 2;
constexpr unsigned kPunct = 4;
constexpr unsigned kDigit = 8;
constexpr unsigned kHex = 16;
constexpr unsigned kUpper = 32;
constexpr unsigned kLower = 64;
constexpr unsigned kAlpha = kUpper | kLower;

constexpr std::uint8_t class_bits(unsigned c) {
  const auto between = [c](char first, char last) {
    return c >= static_cast<unsigned char>(first) && c <= static_cast<unsigned char>(last);
  };
  unsigned bits = 0;
  if (c < 0x20 || c == 0x7F) bits |= kControl;
  if (c == ' ' || between('\t', '\r')) bits |= kSpace;
  if (between('0', '9')) bits |= kDigit;
  if (between('0', '9') || between('a', 'f') || between('A', 'F')) bits |= kHex;
  if (between('A', 'Z')) bits |= kUpper;
  if (between('a', 'z')) bits |= kLower;
  if (between('!', '~') && (bits & (kDigit | kAlpha)) == 0) bits |= kPunct;
  return static_cast<std::uint8_t>(bits);
}

constexpr auto kClassBits = [] {
  std::array<std::uint8_t, 256> table{};
  for (unsigned c = 0; c < table.size(); ++c) table[c] = class_bits(c);
  return table;
}();

/// What %a to %z ask for; 0: the letter stands for itself.
constexpr auto kClassOfLetter = [] {
  std::array<std::uint8_t, 26> table{};
  const auto set = [&table](char letter, unsigned bits) {
    table[static_cast<std::size_t>(letter - 'a')] = static_cast<std::uint8_t>(bits);
  };
  set('a', kAlpha);
  set('c', kControl);
  set('d', kDigit);
  set('g', kAlpha | kDigit | kPunct);
  set('l', kLower);
  set('p', kPunct);
  set('s', kSpace);
  set('u', kUpper);
  set('w', kAlpha | kDigit);
  set('x', kHex);
  return table;
}();

unsigned char byte_at(const char* at) { return static_cast<unsigned char>(*at); }

bool is_ascii_digit(char c) { return c >= '0' && c <= '9'; }

/// %a, %A, %z, %. and so on: `letter` is what follows the "%".
bool in_class(unsigned char c, unsigned char letter) {
  const unsigned lower = letter | 0x20U;
  if (lower < 'a' || lower > 'z') return c == letter;
  const bool inverted = letter != lower;
  if (const std::uint8_t bits = kClassOfLetter[lower - 'a']; bits != 0) {
    return ((kClassBits[c] & bits) != 0) != inverted;
  }
  if (lower == 'z') return (c == 0) != inverted;
  return c == letter;
}

/// [set]: `open` is at its "[", `close` at its "]".
bool in_set(unsigned char c, const char* open, const char* close) {
  const char* next = open + 1;
  const bool inverted = *next == '^';
  if (inverted) ++next;
  while (next < close) {
    if (*next == kEscape) {
      if (in_class(c, byte_at(next + 1))) return !inverted;
      next += 2;
    } else if (next[1] == '-' && next + 2 < close) {
      if (byte_at(next) <= c && c <= byte_at(next + 2)) return !inverted;
      next += 3;
    } else {
      if (byte_at(next) == c) return !inverted;
      ++next;
    }
  }
  return inverted;
}

/// One character against one pattern item: ".", "%a", "[set]" or itself.
bool matches_item(unsigned char c, const char* item, const char* item_end) {
  switch (*item) {
    case '.':
      return true;
    case kEscape:
      return in_class(c, byte_at(item + 1));
    case '[':
      return in_set(c, item, item_end - 1);
    default:
      return byte_at(item) == c;
  }
}

/// memchr is the fastest where the first character is rare; memmem, slow to start, is linear whatever the text.
const char* find_in_chunk(std::string_view text, std::string_view needle) {
  if (needle.empty()) return text.data();
  constexpr int kTries = 100;
  for (int i = 0; i < kTries && text.size() >= needle.size(); ++i) {
    const void* first = std::memchr(text.data(), needle.front(), text.size() - needle.size() + 1);
    if (first == nullptr) return nullptr;
    const char* place = static_cast<const char*>(first);
    if (std::memcmp(place, needle.data(), needle.size()) == 0) return place;
    text.remove_prefix(static_cast<std::size_t>(place - text.data()) + 1);
  }
  return static_cast<const char*>(memmem(text.data(), text.size(), needle.data(), needle.size()));
}

}  // namespace

bool has_pattern_characters(std::string_view pattern) {
  return pattern.find_first_of("^$*+?.([%-") != std::string_view::npos;
}

const char* find_plain(lua_State* state, std::string_view text, std::string_view needle) {
  const std::size_t chunk = std::max(kPlainChunk, needle.size());
  while (text.size() > chunk + needle.size()) {
    // The next chunk begins before this one ends, so that a needle across both is seen.
    if (const char* found = find_in_chunk(text.substr(0, chunk + needle.size()), needle)) return found;
    text.remove_prefix(chunk);
    if (interrupt_pending()) raise_interrupt(state);
  }
  return find_in_chunk(text, needle);
}

void PatternMatcher::fail(const char* message) const {
  luaL_error(state_, "%s", message);
  __builtin_unreachable();
}

void PatternMatcher::poll() {
  steps_left_ = kStepsBetweenPolls;
  if (interrupt_pending()) raise_interrupt(state_);
}

const char* PatternMatcher::match_at(const char* at) {
  depth_ = 0;
  captures_used_ = 0;
  return match(at, pattern_);
}

const char* PatternMatcher::match(const char* at, const char* pattern) {
  if (++depth_ > kMaxDepth) fail("pattern too complex");
  const char* end = match_rest(at, pattern);
  --depth_;
  return end;
}

/// Goes along the pattern item by item; recurses only where it may have to come back: repetitions and captures.
const char* PatternMatcher::match_rest(const char* at, const char* pattern) {
  while (true) {
    count_steps(1);
    switch (*pattern) {
      case '\0':
        return at;
      case '(':
        return pattern[1] == ')' ? open_capture(at, pattern + 2, kPosition) : open_capture(at, pattern + 1, kOpen);
      case ')':
        return close_capture(at, pattern + 1);
      case '$':
        if (pattern[1] == '\0') return at == subject_end_ ? at : nullptr;
        break;
      case kEscape:
        if (pattern[1] == 'b') {
          at = match_balanced(at, pattern + 2);
          if (at == nullptr) return nullptr;
          pattern += 4;
          continue;
        }
        if (pattern[1] == 'f') {
          const char* set = pattern + 2;
          if (*set != '[') fail("missing '[' after '%f' in pattern");
          pattern = item_end(set);
          if (!at_frontier(at, set, pattern)) return nullptr;
          continue;
        }
        if (is_ascii_digit(pattern[1])) {
          at = match_captured(at, pattern + 1);
          if (at == nullptr) return nullptr;
          pattern += 2;
          continue;
        }
        break;
      default:
        break;
    }
    const char* const end = item_end(pattern);
    switch (*end) {
      case '*':
        return match_longest_first(at, pattern, end);
      case '-':
        return match_shortest_first(at, pattern, end);
      default:
        break;
    }
    const bool fits = at < subject_end_ && matches_item(byte_at(at), pattern, end);
    if (*end == '+') return fits ? match_longest_first(at + 1, pattern, end) : nullptr;
    if (*end == '?') {
      if (fits) {
        if (const char* with_it = match(at + 1, end + 1)) return with_it;
      }
      pattern = end + 1;
      continue;
    }
    if (!fits) return nullptr;
    ++at;
    pattern = end;
  }
}

/// Behind the item that begins here.
const char* PatternMatcher::item_end(const char* item) const {
  const char* next = item + 1;
  if (*item == kEscape) {
    if (*next == '\0') fail("malformed pattern (ends with '%')");
    return next + 1;
  }
  if (*item != '[') return next;
  if (*next == '^') ++next;
  do {  // the first character belongs to the set, be it a "]"
    if (*next == '\0') fail("malformed pattern (missing ']')");
    const bool escapes_next = *next == kEscape && next[1] != '\0';
    next += escapes_next ? 2 : 1;
  } while (*next != ']');
  return next + 1;
}

const char* PatternMatcher::match_longest_first(const char* at, const char* item, const char* item_end) {
  const char* last = at;
  while (last < subject_end_) {
    const char* const pause = last + std::min(kStepsBetweenPolls, subject_end_ - last);
    const char* const start = last;
    while (last < pause && matches_item(byte_at(last), item, item_end)) ++last;
    count_steps(last - start);
    if (last < pause) break;
  }
  for (; last >= at; --last) {
    if (const char* end = match(last, item_end + 1)) return end;
  }
  return nullptr;
}

const char* PatternMatcher::match_shortest_first(const char* at, const char* item, const char* item_end) {
  while (true) {
    if (const char* end = match(at, item_end + 1)) return end;
    if (at >= subject_end_ || !matches_item(byte_at(at), item, item_end)) return nullptr;
    ++at;
  }
}

/// %bxy: from x to the y that closes it. `pair` is at the x.
const char* PatternMatcher::match_balanced(const char* at, const char* pair) {
  if (pair[0] == '\0' || pair[1] == '\0') fail("unbalanced pattern");
  if (*at != pair[0] || at == subject_end_) return nullptr;
  std::ptrdiff_t open = 1;
  for (const char* next = at + 1; next < subject_end_; ++next) {
    count_steps(1);
    if (*next == pair[1]) {
      if (--open == 0) return next + 1;
    } else if (*next == pair[0]) {
      ++open;
    }
  }
  return nullptr;
}

/// %f[set]: the character before is not in the set, the one here is; both ends of the subject count as NUL.
bool PatternMatcher::at_frontier(const char* at, const char* set, const char* set_end) const {
  const unsigned char before = at == subject_ ? 0 : byte_at(at - 1);
  return !in_set(before, set, set_end - 1) && in_set(byte_at(at), set, set_end - 1);
}

/// %1 to %9: the text of that capture again.
const char* PatternMatcher::match_captured(const char* at, const char* digit) {
  const int index = *digit - '1';
  if (index < 0 || index >= captures_used_ || captures_[static_cast<std::size_t>(index)].length == kOpen) {
    fail("invalid capture index");
  }
  const Capture& capture = captures_[static_cast<std::size_t>(index)];
  // A position capture has no text; its marker, taken for a length, is longer than anything that is left.
  if (capture.length == kPosition || subject_end_ - at < capture.length) return nullptr;
  const auto length = static_cast<std::size_t>(capture.length);
  count_steps(capture.length / 64);
  return std::memcmp(capture.begin, at, length) == 0 ? at + length : nullptr;
}

const char* PatternMatcher::open_capture(const char* at, const char* rest, std::ptrdiff_t length) {
  if (captures_used_ >= LUA_MAXCAPTURES) fail("too many captures");
  captures_[static_cast<std::size_t>(captures_used_)] = {at, length};
  const int before = captures_used_++;
  const char* end = match(at, rest);
  if (end == nullptr) captures_used_ = before;
  return end;
}

const char* PatternMatcher::close_capture(const char* at, const char* rest) {
  int innermost = captures_used_ - 1;
  while (innermost >= 0 && captures_[static_cast<std::size_t>(innermost)].length != kOpen) --innermost;
  if (innermost < 0) fail("invalid pattern capture");
  Capture& capture = captures_[static_cast<std::size_t>(innermost)];
  capture.length = at - capture.begin;
  const char* end = match(at, rest);
  if (end == nullptr) capture.length = kOpen;
  return end;
}

int PatternMatcher::push_captures(const char* begin, const char* end) {
  if (captures_used_ > 0) return push_explicit_captures();
  luaL_checkstack(state_, 1, "too many captures");
  push_capture(0, begin, end);
  return 1;
}

int PatternMatcher::push_explicit_captures() {
  luaL_checkstack(state_, captures_used_, "too many captures");
  for (int i = 0; i < captures_used_; ++i) push_capture(i, nullptr, nullptr);
  return captures_used_;
}

void PatternMatcher::push_capture(int index, const char* begin, const char* end) {
  if (index >= captures_used_) {
    if (index != 0) fail("invalid capture index");
    lua_pushlstring(state_, begin, static_cast<std::size_t>(end - begin));
    return;
  }
  const Capture& capture = captures_[static_cast<std::size_t>(index)];
  if (capture.length == kPosition) {
    lua_pushinteger(state_, capture.begin - subject_ + 1);
  } else if (capture.length == kOpen) {
    fail("unfinished capture");
  } else {
    lua_pushlstring(state_, capture.begin, static_cast<std::size_t>(capture.length));
  }
}

}  // namespace opshost::lua
