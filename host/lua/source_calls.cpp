#include "host/lua/source_calls.hpp"

#include <algorithm>
#include <array>

#include "host/lua/source_lexer.hpp"

namespace opshost::lua {

namespace {

bool is_listed(std::string_view method) {
  constexpr std::array<std::string_view, 11> kMethods{"require", "guard",  "step",  "group",  "call",   "cleanup",
                                                      "confirm", "choose", "input", "manual", "rolling"};
  return std::find(kMethods.begin(), kMethods.end(), method) != kMethods.end();
}

std::size_t line_of(std::string_view source, std::size_t offset) {
  const auto end = source.begin() + static_cast<std::ptrdiff_t>(std::min(offset, source.size()));
  return 1 + static_cast<std::size_t>(std::count(source.begin(), end, '\n'));
}

}  // namespace

std::vector<NamedCall> named_calls(std::string_view source) {
  std::vector<NamedCall> calls;
  SourceLexer lexer(source);
  // `:` name string, with or without a bracket before the string
  Token before_last;
  Token last;
  Token token = lexer.next();
  while (token.kind != Token::Kind::end && token.kind != Token::Kind::broken) {
    if (token.kind == Token::Kind::string && before_last.is(":") && is_listed(last.text))
      calls.push_back({std::string(last.text), std::string(token.text), line_of(source, token.offset)});
    if (!token.is("(")) {
      before_last = last;
      last = token;
    }
    token = lexer.next();
  }
  return calls;
}

}  // namespace opshost::lua
