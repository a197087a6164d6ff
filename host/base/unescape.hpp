#pragma once
// A text as it reads once an escaping is undone, with the way back to where each byte stood. Redaction searches these:
// undoing an escape finds a secret however much of it the writer chose to escape.
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace opshost {

/// Bytes [begin, end) of the original text.
struct TextRange {
  std::size_t begin = 0;
  std::size_t end = 0;
};

struct TextView {
  std::string text;
  std::vector<TextRange> origin;  ///< one for each byte of `text`; empty: `text` is the original
  bool changed = false;           ///< an escape was undone

  /// Where the bytes [begin, end) of `text` came from; `begin` < `end`.
  [[nodiscard]] TextRange original(std::size_t begin, std::size_t end) const {
    if (origin.empty()) return {begin, end};
    return {origin[begin].begin, origin[end - 1].end};
  }
};

/// JSON's, Lua's and Python's backslashes (\n \" \/ \u00e9 \xe9) and the shell's '\''.
TextView undo_backslashes(const TextView& view);

/// %2F; with `plus_is_space` also "+", as forms write it.
TextView undo_percent(const TextView& view, bool plus_is_space);

/// Two quotes where one is meant: '' and "", as SQL, YAML and CSV write it.
TextView undo_doubled_quotes(const TextView& view);

/// Without line breaks and the indentation behind them: how base64 is wrapped.
TextView undo_line_breaks(const TextView& view);

}  // namespace opshost
