#include "host/lua/source_check.hpp"

#include <algorithm>

#include "host/lua/source_parser.hpp"

namespace opshost {
namespace {

/// Turns offsets, which only grow, into lines and columns.
class Position {
 public:
  explicit Position(std::string_view source) : source_(source) {
    if (source.starts_with("\xEF\xBB\xBF")) at_ = 3;  // a byte order mark is no character of the text
  }

  void move_to(std::size_t offset) {
    for (; at_ < offset && at_ < source_.size(); ++at_) {
      const char byte = source_[at_];
      const bool continues_character = (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
      if (byte == '\n') {
        ++line_;
        column_ = 1;
      } else if (!continues_character) {
        ++column_;
      }
    }
  }
  [[nodiscard]] std::size_t line() const { return line_; }
  [[nodiscard]] std::size_t column() const { return column_; }

 private:
  std::string_view source_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
  std::size_t column_ = 1;
};

}  // namespace

std::string SourceFinding::located(std::string_view file) const {
  return std::string(file) + ":" + std::to_string(line) + ":" + std::to_string(column) + ": " + text +
         (suggestion.empty() ? "" : "; " + suggestion);
}

std::vector<SourceFinding> check_source(std::string_view source, const KnownNames& known) {
  const SourceNames names(known);
  SourceScope scope(names);
  // What follows a syntax error could only be guessed at, and a name defined there would look unknown.
  if (!SourceParser(source, names, scope).read()) return {};
  std::vector<SourceFinding> findings;
  Position position(source);
  for (Suspicion& suspicion : scope.verdict()) {
    position.move_to(suspicion.offset);
    findings.push_back({.line = position.line(),
                        .column = position.column(),
                        .text = std::move(suspicion.text),
                        .suggestion = std::move(suspicion.suggestion)});
  }
  return findings;
}

}  // namespace opshost
