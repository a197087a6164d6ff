#include "host/lua/string_functions.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "host/lua/c_stack.hpp"
#include "host/lua/interrupt.hpp"
#include "host/lua/pattern.hpp"

namespace opshost::lua {

namespace {

// Nothing here may own anything: a Lua error, also one of a script's replacement function, passes through every frame.

/// LuaJIT's longest string (LJ_MAX_STR).
constexpr std::uint64_t kMaxString = 0x7FFFFF00;

std::string_view check_text(lua_State* state, int argument) {
  std::size_t length = 0;
  const char* text = luaL_checklstring(state, argument, &length);
  return {text, length};
}

/// A whole number as LuaJIT's 32-bit arguments are, but for what does not fit: that is the nearest that does.
std::int32_t saturated(lua_Number number) {
  if (!(number > INT32_MIN)) return INT32_MIN;  // NaN too
  if (number >= INT32_MAX) return INT32_MAX;
  return static_cast<std::int32_t>(number);
}

std::int32_t check_int(lua_State* state, int argument) { return saturated(luaL_checknumber(state, argument)); }

std::int32_t optional_int(lua_State* state, int argument, std::int32_t otherwise) {
  return lua_isnoneornil(state, argument) ? otherwise : check_int(state, argument);
}

/// Where a search begins, from 0: negative arguments count from the end, beyond the end is the end.
std::size_t search_start(std::int32_t init, std::size_t length) {
  const auto size = static_cast<std::ptrdiff_t>(length);
  const std::ptrdiff_t start = init < 0 ? size + init : std::ptrdiff_t{init} - 1;
  return static_cast<std::size_t>(std::clamp(start, std::ptrdiff_t{0}, size));
}

int push_found(lua_State* state, std::string_view subject, const char* begin, const char* end) {
  lua_pushinteger(state, begin - subject.data() + 1);
  lua_pushinteger(state, end - subject.data());
  return 2;
}

int push_nothing_found(lua_State* state) {
  lua_pushnil(state);
  return 1;
}

enum class Wanted : std::uint8_t { position, captures };

int search(lua_State* state, Wanted wanted) {
  const std::string_view subject = check_text(state, 1);
  const std::string_view pattern = check_text(state, 2);
  const std::size_t start = search_start(optional_int(state, 3, 1), subject.size());
  if (wanted == Wanted::position && (lua_toboolean(state, 4) != 0 || !has_pattern_characters(pattern))) {
    const char* found = find_plain(state, subject.substr(start), pattern);
    if (found == nullptr) return push_nothing_found(state);
    return push_found(state, subject, found, found + pattern.size());
  }
  const bool anchored = pattern.starts_with('^');
  PatternMatcher matcher(state, subject, lua_tostring(state, 2) + (anchored ? 1 : 0));
  const char* const last = subject.data() + (anchored ? start : subject.size());
  for (const char* begin = subject.data() + start; begin <= last; ++begin) {
    const char* end = matcher.match_at(begin);
    if (end == nullptr) continue;
    if (wanted == Wanted::captures) return matcher.push_captures(begin, end);
    const int positions = push_found(state, subject, begin, end);
    return positions + matcher.push_explicit_captures();
  }
  return push_nothing_found(state);
}

int string_find(lua_State* state) { return search(state, Wanted::position); }

int string_match(lua_State* state) { return search(state, Wanted::captures); }

/// The iterator: upvalues are subject, pattern and where the next search begins.
int gmatch_next(lua_State* state) {
  constexpr int kSubject = lua_upvalueindex(1);
  constexpr int kPattern = lua_upvalueindex(2);
  constexpr int kStart = lua_upvalueindex(3);
  std::size_t length = 0;
  const char* text = lua_tolstring(state, kSubject, &length);
  PatternMatcher matcher(state, {text, length}, lua_tolstring(state, kPattern, nullptr));
  for (const char* begin = text + lua_tointeger(state, kStart); begin <= text + length; ++begin) {
    const char* end = matcher.match_at(begin);
    if (end == nullptr) continue;
    const bool empty = end == begin;  // the next search then begins a character further, else it would find this again
    lua_pushinteger(state, end - text + (empty ? 1 : 0));
    lua_replace(state, kStart);
    return matcher.push_captures(begin, end);
  }
  return 0;
}

int string_gmatch(lua_State* state) {
  check_text(state, 1);
  check_text(state, 2);
  lua_settop(state, 2);
  lua_pushinteger(state, 0);
  lua_pushcclosure(state, gmatch_next, 3);
  return 1;
}

/// One gsub: the matcher and what replaces a match. The replacement is argument 3 throughout.
class Substitution {
 public:
  Substitution(lua_State* state, std::string_view subject, const char* pattern)
      : state_(state), type_(lua_type(state, 3)), matcher_(state, subject, pattern) {
    if (type_ == LUA_TSTRING || type_ == LUA_TNUMBER) {
      std::size_t length = 0;
      const char* text = lua_tolstring(state, 3, &length);
      template_ = {text, length};
    } else if (type_ != LUA_TFUNCTION && type_ != LUA_TTABLE) {
      luaL_argerror(state, 3, "string/function/table expected");
    }
  }

  const char* match_at(const char* at) { return matcher_.match_at(at); }

  void add_replacement(luaL_Buffer& result, const char* begin, const char* end) {
    if (type_ == LUA_TSTRING || type_ == LUA_TNUMBER) {
      add_filled_template(result, begin, end);
    } else {
      add_looked_up(result, begin, end);
    }
  }

 private:
  /// %0 is the match, %1 to %9 are captures, "%" before anything else is taken away.
  void add_filled_template(luaL_Buffer& result, const char* begin, const char* end) {
    std::string_view rest = template_;
    while (true) {
      const std::string_view plain = rest.substr(0, rest.find('%'));
      luaL_addlstring(&result, plain.data(), plain.size());
      if (plain.size() == rest.size()) return;
      // LuaJIT adds the NUL behind a template that ends in "%".
      const char* const after = plain.data() + plain.size() + 1;
      if (*after < '0' || *after > '9') {
        luaL_addlstring(&result, after, 1);
      } else if (*after == '0') {
        luaL_addlstring(&result, begin, static_cast<std::size_t>(end - begin));
      } else {
        matcher_.push_capture(*after - '1', begin, end);
        luaL_addvalue(&result);
      }
      rest.remove_prefix(std::min(plain.size() + 2, rest.size()));
    }
  }

  /// Calls the function or asks the table; false and nil keep the match.
  void add_looked_up(luaL_Buffer& result, const char* begin, const char* end) {
    if (type_ == LUA_TFUNCTION) {
      lua_pushvalue(state_, 3);
      const int captures = matcher_.push_captures(begin, end);
      lua_call(state_, captures, 1);
    } else {
      matcher_.push_capture(0, begin, end);
      lua_gettable(state_, 3);
    }
    if (lua_toboolean(state_, -1) == 0) {
      lua_pop(state_, 1);
      luaL_addlstring(&result, begin, static_cast<std::size_t>(end - begin));
    } else if (lua_isstring(state_, -1) == 0) {
      luaL_error(state_, "invalid replacement value (a %s)", luaL_typename(state_, -1));
    } else {
      luaL_addvalue(&result);
    }
  }

  lua_State* state_;
  int type_;
  PatternMatcher matcher_;
  std::string_view template_;
};

int string_gsub(lua_State* state) {
  const std::string_view subject = check_text(state, 1);
  const char* pattern = luaL_checkstring(state, 2);
  const std::int64_t limit = lua_isnoneornil(state, 4) ? INT64_MAX : check_int(state, 4);
  const bool anchored = *pattern == '^';
  Substitution substitution(state, subject, pattern + (anchored ? 1 : 0));

  const char* const subject_end = subject.data() + subject.size();
  const char* kept = subject.data();  // from here on nothing is in the result yet
  const char* begin = subject.data();
  std::int64_t count = 0;
  check_c_stack(state);  // the buffer is large, and the replacement may be a function that calls us
  luaL_Buffer result;
  luaL_buffinit(state, &result);
  while (count < limit) {
    const char* end = substitution.match_at(begin);
    if (end != nullptr) {
      ++count;
      luaL_addlstring(&result, kept, static_cast<std::size_t>(begin - kept));
      substitution.add_replacement(result, begin, end);
      kept = end;
    }
    const bool has_moved = end != nullptr && end > begin;
    if (!has_moved && begin == subject_end) break;
    begin = has_moved ? end : begin + 1;
    if (anchored) break;
  }
  if (count == 0) {
    lua_pushvalue(state, 1);
  } else {
    luaL_addlstring(&result, kept, static_cast<std::size_t>(subject_end - kept));
    luaL_pushresult(&result);
  }
  lua_pushnumber(state, static_cast<lua_Number>(count));
  return 2;
}

/// A text, a separator and how often: what rep puts together.
struct Repetition {
  std::string_view text;
  std::string_view separator;
  std::size_t total;  ///< bytes of the result

  [[nodiscard]] std::size_t period() const { return text.size() + separator.size(); }
};

/// Writes the first period, then doubles what is there: few copies, none longer than the interrupt may wait.
void fill(lua_State* state, char* buffer, const Repetition& repetition) {
  constexpr std::size_t kLongestCopy = std::size_t{1} << 20U;
  const std::size_t period = repetition.period();
  std::memcpy(buffer, repetition.text.data(), repetition.text.size());
  std::memcpy(buffer + repetition.text.size(), repetition.separator.data(), repetition.separator.size());
  // Whole periods, so that a copy of the front continues the text where it is.
  const std::size_t longest = std::max(kLongestCopy / period * period, period);
  std::size_t filled = period;
  while (filled < repetition.total) {
    const std::size_t length = std::min({filled, longest, repetition.total - filled});
    std::memcpy(buffer + filled, buffer, length);
    filled += length;
    if (interrupt_pending()) raise_interrupt(state);
  }
}

int push_repetition(lua_State* state, const Repetition& repetition) {
  constexpr std::size_t kOnStack = 1024;
  if (repetition.total <= kOnStack) {
    std::array<char, kOnStack> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): filled up to total
    fill(state, buffer.data(), repetition);
    lua_pushlstring(state, buffer.data(), repetition.total);
  } else {
    // On the Lua stack, where an interrupt leaves it to the collector.
    auto* buffer = static_cast<char*>(lua_newuserdata(state, repetition.total));
    fill(state, buffer, repetition);
    lua_pushlstring(state, buffer, repetition.total);
  }
  return 1;
}

int string_rep(lua_State* state) {
  const std::string_view text = check_text(state, 1);
  const std::int32_t count = check_int(state, 2);
  const std::string_view separator = lua_isnoneornil(state, 3) ? std::string_view("") : check_text(state, 3);
  const std::uint64_t period = std::uint64_t{text.size()} + separator.size();
  if (count <= 0 || period == 0) {
    lua_pushliteral(state, "");
    return 1;
  }
  if (count == 1) {
    lua_pushvalue(state, 1);
    return 1;
  }
  const std::uint64_t total = period * static_cast<std::uint64_t>(count) - separator.size();
  if (total > kMaxString) {
    lua_pushliteral(state, "not enough memory");  // what LuaJIT says
    return lua_error(state);
  }
  return push_repetition(state, {text, separator, static_cast<std::size_t>(total)});
}

}  // namespace

void install_string_functions(lua_State* state) {
  constexpr std::array<luaL_Reg, 5> kFunctions{{{"find", string_find},
                                                {"match", string_match},
                                                {"gmatch", string_gmatch},
                                                {"gsub", string_gsub},
                                                {"rep", string_rep}}};
  check_c_stack(state);
  lua_getglobal(state, "string");
  for (const luaL_Reg& function : kFunctions) {
    lua_pushcfunction(state, function.func);
    lua_setfield(state, -2, function.name);
  }
  lua_pop(state, 1);
}

}  // namespace opshost::lua
