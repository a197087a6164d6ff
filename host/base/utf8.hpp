#pragma once
// UTF-8 as it comes from servers: decoded without ever trusting it.
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace opshost {

struct CodePoint {
  char32_t value = 0;
  std::size_t length = 0;  ///< bytes it takes in the text
};

/// The code point at the front. nullopt: no text, or no well-formed UTF-8 there (also overlong forms and surrogates).
std::optional<CodePoint> decode_utf8(std::string_view text);

/// Appends `code_point`; what is none (a surrogate, beyond U+10FFFF) becomes U+FFFD.
void append_utf8(std::string& text, char32_t code_point);

/// False for what moves a cursor, hides or reorders text: control, bidirectional, zero-width and tag characters.
bool is_printable(char32_t code_point);

/// Appends the character at the front of `from`, or where it is not printable an escape of it (\n, \x1b, \xc2\x9b);
/// returns how many bytes of `from` that was. `from` is not empty.
std::size_t append_printable(std::string& text, std::string_view from);

/// The text, safe for a terminal: one line, what is not printable escaped.
std::string printable(std::string_view text);

}  // namespace opshost
