#pragma once
// Lua 5.1 patterns, matched as LuaJIT matches them, but stopped by Ctrl-C and deadlines however long they take:
// LuaJIT's own matcher runs ("a?" .. ):rep(30) for minutes and hears nobody.
#include <array>
#include <cstddef>
#include <lua.hpp>
#include <string_view>

namespace opshost::lua {

/// One search of a subject for a pattern. Owns nothing: a Lua error (a malformed pattern, a stop) passes through it.
class PatternMatcher {
 public:
  /// Both texts stay on the Lua stack (or in upvalues) while the matcher is used and are followed by a NUL, as Lua's
  /// strings are. A NUL ends the pattern, as it does in LuaJIT; in the subject it is a byte like any other.
  /// A "^" in front is the caller's: skip it and look at one place only.
  PatternMatcher(lua_State* state, std::string_view subject, const char* pattern)
      : state_(state), subject_(subject.data()), subject_end_(subject.data() + subject.size()), pattern_(pattern) {}

  /// The end of the match that begins at `at`; nullptr: none does.
  [[gnu::nonnull]] const char* match_at(const char* at);

  /// Pushes the captures of the last match, or [begin, end) where the pattern has none; returns how many.
  int push_captures(const char* begin, const char* end);
  /// As above, but without captures nothing is pushed.
  int push_explicit_captures();
  /// Pushes capture `index` from 0 on; index 0 is the whole match where the pattern has none.
  void push_capture(int index, const char* begin, const char* end);

 private:
  struct Capture {
    const char* begin;
    std::ptrdiff_t length;  ///< or kOpen, kPosition
  };
  static constexpr std::ptrdiff_t kOpen = -1;
  static constexpr std::ptrdiff_t kPosition = -2;

  [[gnu::nonnull]] const char* match(const char* at, const char* pattern);
  const char* match_rest(const char* at, const char* pattern);
  const char* match_captured(const char* at, const char* digit);
  const char* match_balanced(const char* at, const char* pair);
  bool at_frontier(const char* at, const char* set, const char* set_end) const;
  const char* match_longest_first(const char* at, const char* item, const char* item_end);
  const char* match_shortest_first(const char* at, const char* item, const char* item_end);
  const char* open_capture(const char* at, const char* rest, std::ptrdiff_t length);
  const char* close_capture(const char* at, const char* rest);
  const char* item_end(const char* item) const;

  void count_steps(std::ptrdiff_t steps) {
    steps_left_ -= steps;
    if (steps_left_ <= 0) poll();
  }
  void poll();
  [[noreturn]] void fail(const char* message) const;

  lua_State* state_;
  const char* subject_;
  const char* subject_end_;
  const char* pattern_;
  std::ptrdiff_t steps_left_ = 0;
  int depth_ = 0;
  int captures_used_ = 0;
  std::array<Capture, LUA_MAXCAPTURES> captures_;  // left raw: only the first captures_used_ mean anything
};

/// True where `pattern` has a character that is not just itself, so that a plain search is not enough.
bool has_pattern_characters(std::string_view pattern);

/// Where `needle` stands first in `text`; nullptr: nowhere. Takes linear time and raises the interrupt between chunks.
const char* find_plain(lua_State* state, std::string_view text, std::string_view needle);

}  // namespace opshost::lua
