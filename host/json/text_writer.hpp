#pragma once
// Strings and numbers as JSON writes them.
#include <string>
#include <string_view>

namespace opshost::json {

/// ASCII in which nothing needs an escape: what nearly every text is.
bool is_plain(std::string_view text);
/// In quotes, in one go: for texts that are plain.
void append_plain(std::string& json, std::string_view text);
/// In quotes, escaped; what is no UTF-8 is appended as it is.
void append_string(std::string& json, std::string_view text);
/// The shortest spelling that reads back as the same number; whole numbers without a point. Not for NaN and infinity.
void append_number(std::string& json, double number);
/// The offset of the first byte that is no UTF-8; npos: all is.
std::size_t find_ill_formed(std::string_view text);

}  // namespace opshost::json
