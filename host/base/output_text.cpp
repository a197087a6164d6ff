#include "host/base/output_text.hpp"

#include "host/base/secret.hpp"
#include "host/base/value.hpp"

namespace opshost {

namespace {

constexpr std::size_t kShownOutput = 500;
constexpr int kShownLines = 5;

/// The last lines that are not empty, as "a | b | c".
std::string last_lines(std::string_view output) {
  std::string text;
  for (int lines = 0; lines < kShownLines && !output.empty();) {
    if (output.back() == '\n' || output.back() == '\r') {
      output.remove_suffix(1);
      continue;
    }
    const std::size_t newline = output.rfind('\n');
    const std::string_view line = newline == std::string_view::npos ? output : output.substr(newline + 1);
    output.remove_suffix(line.size());
    const std::string shown_line = one_line(line, kShownOutput);
    if (!text.empty() && text.size() + shown_line.size() > kShownOutput) break;
    text = text.empty() ? shown_line : shown_line + " | " + text;
    ++lines;
  }
  return text;
}

}  // namespace

std::string one_line(std::string_view whole, std::size_t limit) {
  // Of a secret cut in two nobody would know either half.
  const std::string safe = redact(whole);
  std::string_view text = safe;
  const bool cut = text.size() > limit;
  if (cut) {
    const auto is_continuation = [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U; };
    std::size_t end = limit;  // back to where a character begins, which is at most three bytes
    while (end > 0 && end + 3 > limit && is_continuation(text[end])) --end;
    text = text.substr(0, end);
  }
  const std::string quoted = describe(Value(std::string(text)), text.size());
  std::string plain;
  for (std::size_t i = 1; i + 1 < quoted.size(); ++i) {
    const bool escaped = quoted[i] == '\\' && (quoted[i + 1] == '"' || quoted[i + 1] == '\\');
    if (escaped) ++i;
    plain += quoted[i];
  }
  return cut ? plain + "..." : plain;
}

std::string what_it_wrote(std::string_view output, std::string_view errors) {
  if (const std::string lines = last_lines(errors); !lines.empty()) return "; stderr: " + lines;
  if (const std::string lines = last_lines(output); !lines.empty()) return "; nothing on stderr; stdout: " + lines;
  return "; it wrote nothing";
}

}  // namespace opshost
