#pragma once
// What a program wrote, for messages.
#include <string>
#include <string_view>

namespace opshost {

/// Text from outside in one line that is safe for a terminal, at most `limit` bytes and "..." of it.
std::string one_line(std::string_view text, std::size_t limit);

/// "; stderr: a | b | c": the last lines that are not empty, of stderr or else of stdout.
std::string what_it_wrote(std::string_view output, std::string_view errors);

}  // namespace opshost
