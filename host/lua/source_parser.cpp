#include "host/lua/source_parser.hpp"

#include <algorithm>

namespace opshost {
SourceParser::SourceParser(std::string_view source, const SourceNames& names, SourceScope& scope)
    : lexer_(source), names_(names), scope_(scope), token_(lexer_.next()), ahead_(lexer_.next()) {}

bool SourceParser::read() {
  try {
    block();
    return token_.kind == Token::Kind::end;
  } catch (const SyntaxStop&) {
    return false;
  }
}

void SourceParser::advance() {
  if (token_.kind == Token::Kind::broken) throw SyntaxStop("not Lua");
  token_ = ahead_;
  ahead_ = lexer_.next();
}

bool SourceParser::skip(std::string_view text) {
  if (!is(text)) return false;
  advance();
  return true;
}

void SourceParser::expect(std::string_view text) {
  if (!skip(text)) throw SyntaxStop("expected " + std::string(text));
}

Token SourceParser::name() {
  if (token_.kind != Token::Kind::name) throw SyntaxStop("expected a name");
  const Token found = token_;
  advance();
  return found;
}

bool SourceParser::ends_block() const {
  return token_.kind == Token::Kind::end || is("end") || is("else") || is("elseif") || is("until");
}

bool SourceParser::begins_arguments() const { return is("(") || is("{") || token_.kind == Token::Kind::string; }

bool SourceParser::begins_suffix() const { return is(".") || is("[") || is(":") || begins_arguments(); }

void SourceParser::block() {
  const Nesting nesting(depth_);
  while (!ends_block()) {
    const bool is_last = is("return");
    statement();
    if (is_last) return;
  }
}

void SourceParser::scoped_block() {
  scope_.open();
  block();
  scope_.close();
}

void SourceParser::statement() {
  if (skip(";")) return;
  if (is("if")) return if_statement();
  if (is("for")) return for_statement();
  if (is("repeat")) return repeat_statement();
  if (is("function")) return function_statement();
  if (skip("break")) return;
  if (skip("while")) {
    expression();
    expect("do");
    scoped_block();
    return expect("end");
  }
  if (skip("do")) {
    scoped_block();
    return expect("end");
  }
  if (skip("local")) return is("function") ? local_function() : local_variables();
  if (skip("return")) {
    if (!ends_block() && !is(";")) expression_list();
    skip(";");
    return;
  }
  if (skip("::")) {
    name();
    return expect("::");
  }
  if (token_.kind == Token::Kind::name && token_.text == "goto" && ahead_.kind == Token::Kind::name) {
    advance();
    return advance();
  }
  expression_statement();
}

void SourceParser::if_statement() {
  do {
    advance();
    expression();
    expect("then");
    scoped_block();
  } while (is("elseif"));
  if (skip("else")) scoped_block();
  expect("end");
}

void SourceParser::for_statement() {
  advance();
  std::vector<Token> names{name()};
  while (skip(",")) names.push_back(name());
  Meaning element;
  std::size_t element_at = names.size();
  if (skip("=")) {
    expression_list();
  } else {
    expect("in");
    const std::vector<Meaning> iterated = expression_list();
    if (iterated.size() == 1 && iterated.front().value != nullptr) {
      // ipairs gives the position first; a stream gives its elements.
      element = meaning_of_element(iterated.front());
      element_at = iterated.front().is_counted ? 1 : 0;
      const bool follows = iterated.front().is_counted || iterated.front().value->kind == Kind::stream;
      if (!follows) element = Meaning();
    }
  }
  expect("do");
  scope_.open();
  for (std::size_t i = 0; i < names.size(); ++i) scope_.declare(names[i].text, i == element_at ? element : Meaning());
  block();
  scope_.close();
  expect("end");
}

void SourceParser::repeat_statement() {
  advance();
  scope_.open();
  block();
  expect("until");
  expression();  // sees the block's locals
  scope_.close();
}

void SourceParser::function_statement() {
  advance();
  const Token first = name();
  if (!is(".") && !is(":")) {
    scope_.assign(first, true);
    return function_body(false);
  }
  Meaning owner = scope_.read(first);
  bool has_self = false;
  while (is(".") || is(":")) {
    has_self = is(":");
    advance();
    const Token field = name();
    if (!is(".") && !is(":")) scope_.assign_member(owner, field.text);
    owner = Meaning();
    if (has_self) break;
  }
  function_body(has_self);
}

void SourceParser::local_function() {
  advance();
  scope_.declare(name().text, {});
  function_body(false);
}

void SourceParser::local_variables() {
  std::vector<Token> names{name()};
  while (skip(",")) names.push_back(name());
  std::vector<Meaning> meanings;
  if (skip("=")) meanings = expression_list();
  meanings.resize(std::max(meanings.size(), names.size()));
  for (std::size_t i = 0; i < names.size(); ++i) scope_.declare(names[i].text, std::move(meanings[i]));
}

void SourceParser::expression_statement() {
  std::vector<Target> targets(1);
  suffixed(&targets.back());
  if (targets.back().is_call && !is("=") && !is(",")) return;
  while (skip(",")) suffixed(&targets.emplace_back());
  expect("=");
  expression_list();
  for (const Target& target : targets) assign(target);
}

void SourceParser::assign(const Target& target) {
  if (target.is_call) throw SyntaxStop("a call cannot be assigned to");
  if (target.name.kind == Token::Kind::name) scope_.assign(target.name, false);
  if (target.field.kind == Token::Kind::name) scope_.assign_member(target.owner, target.field.text);
}

void SourceParser::function_body(bool has_self) {
  scope_.open();
  if (has_self) scope_.declare("self", {});
  expect("(");
  while (!is(")")) {
    if (!skip("...")) scope_.declare(name().text, {});
    if (!skip(",")) break;
  }
  expect(")");
  block();
  scope_.close();
  expect("end");
}

}  // namespace opshost
