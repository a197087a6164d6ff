// The expressions of SourceParser: what stands for what, and the tables written at calls.
#include <algorithm>
#include <array>

#include "host/lua/source_parser.hpp"

namespace opshost {
namespace {

constexpr std::array<std::string_view, 15> kBinaryOperators{
    "+", "-", "*", "/", "%", "^", "..", "==", "~=", "<=", ">=", "<", ">", "and", "or"};

bool is_binary_operator(const Token& token) {
  return std::any_of(kBinaryOperators.begin(), kBinaryOperators.end(),
                     [&](std::string_view text) { return token.is(text); });
}

const Type* element_of(const Type* type, Kind kind) {
  return type != nullptr && type->kind == kind ? type->element : nullptr;
}

const Type* field_type(const Type* type, std::string_view name) {
  if (type == nullptr || type->kind != Kind::record) return nullptr;
  for (const Field& field : type->fields) {
    if (field.name == name) return field.type;
  }
  return nullptr;
}

const Type* parameter_type(const FunctionInfo* function, std::size_t position) {
  if (function == nullptr || function->params.empty()) return nullptr;
  const bool is_listed = position < function->params.size();
  if (!is_listed && !function->variadic) return nullptr;
  return is_listed ? function->params[position].type : function->params.back().type;
}

}  // namespace

std::vector<Meaning> SourceParser::expression_list() {
  std::vector<Meaning> meanings;
  do {
    meanings.push_back(expression().meaning);
  } while (skip(","));
  return meanings;
}

SourceParser::Expression SourceParser::expression(const Expected& expected) {
  const Nesting nesting(depth_);
  bool hands_over = true;
  for (bool is_first = true;; is_first = false) {
    const std::size_t before = scope_.suspicions();
    const bool is_table = is("{");
    const Expression found = operand(hands_over ? expected : Expected());
    const bool is_last = !is_binary_operator(token_);
    if (is_last) return is_first ? found : Expression();
    // "given or {timeout = 5}" hands over one of its operands; any other operator makes something new of them.
    hands_over = is("and") || is("or");
    if (is_table && !hands_over) scope_.withdraw(before);
    advance();
  }
}

SourceParser::Expression SourceParser::operand(const Expected& expected) {
  bool is_unary = false;
  while (is("not") || is("-") || is("#")) {
    advance();
    is_unary = true;
  }
  const Expression found = simple(is_unary ? Expected() : expected);
  return is_unary ? Expression() : found;
}

SourceParser::Expression SourceParser::simple(const Expected& expected) {
  if (token_.kind == Token::Kind::string) {
    const Token text = token_;
    advance();
    return {.meaning = {}, .literal = text.is_plain ? std::optional(text) : std::nullopt};
  }
  if (token_.kind == Token::Kind::number || is("nil") || is("true") || is("false") || is("...")) {
    advance();
    return {};
  }
  if (is("{")) {
    table(expected);
    return {};
  }
  if (skip("function")) {
    function_body(false);
    return {};
  }
  return {.meaning = suffixed(nullptr)};
}

Meaning SourceParser::primary(Target* target) {
  if (skip("(")) {
    Meaning inner = expression().meaning;
    expect(")");
    return inner;
  }
  const Token found = name();
  if (target != nullptr && !begins_suffix()) {
    target->name = found;
    return {};
  }
  return scope_.read(found);
}

Meaning SourceParser::suffixed(Target* target) {
  Meaning meaning = primary(target);
  while (begins_suffix()) {
    if (target != nullptr) target->is_call = is(":") || begins_arguments();
    if (skip(".")) {
      const Token field = name();
      if (target != nullptr && !begins_suffix()) {
        target->owner = std::move(meaning);
        target->field = field;
        return {};
      }
      meaning = member(meaning, field);
    } else if (is("[")) {
      meaning = index(meaning);
    } else if (is(":")) {
      meaning = method_call(meaning);
    } else {
      meaning = call(meaning);
    }
  }
  return meaning;
}

Meaning SourceParser::member(const Meaning& owner, const Token& field) {
  if (owner.library != nullptr) scope_.read_member(*owner.library, field, begins_arguments(), owner.through);
  if (owner.module == nullptr) return {};
  scope_.suspect(names_.member_problem(*owner.module, field.text), field.offset, owner.through);
  Meaning found = names_.member(*owner.module, field.text);
  found.through = owner.through;
  return found;
}

Meaning SourceParser::index(const Meaning& owner) {
  expect("[");
  expression();
  expect("]");
  return element_of(owner.value, Kind::list) == nullptr ? Meaning() : meaning_of_element(owner);
}

Meaning SourceParser::method_call(const Meaning& owner) {
  expect(":");
  const Token method = name();
  if (!begins_arguments()) throw SyntaxStop("expected arguments");
  const FunctionInfo* function = nullptr;
  if (owner.value != nullptr && owner.value->kind == Kind::handle) {
    scope_.suspect(names_.method_problem(*owner.value, method.text), method.offset, owner.through);
    function = names_.method(*owner.value, method.text);
  }
  arguments(function, owner.through);
  if (function == nullptr) return {};
  Meaning result = meaning_of(function->result);
  result.through = owner.through;
  return result;
}

Meaning SourceParser::call(const Meaning& callee) {
  const std::vector<Expression> given = arguments(callee.function, callee.through);
  Meaning result;
  if (callee.function != nullptr) {
    result = meaning_of(callee.function->result);
  } else if (callee.library != nullptr && callee.library->name == "require") {
    result = require_call(given);
  } else if (callee.library != nullptr && callee.library->name == "ipairs" && given.size() == 1 &&
             element_of(given.front().meaning.value, Kind::list) != nullptr) {
    result = given.front().meaning;
    result.is_counted = true;
  }
  result.through.insert(result.through.end(), callee.through.begin(), callee.through.end());
  return result;
}

Meaning SourceParser::require_call(const std::vector<Expression>& given) {
  if (given.size() != 1 || !given.front().literal) return {};
  const Token& wanted = *given.front().literal;
  scope_.suspect(names_.module_problem(wanted.text), wanted.offset, {});
  Meaning found;
  found.module = names_.module(wanted.text);
  return found;
}

std::vector<SourceParser::Expression> SourceParser::arguments(const FunctionInfo* function,
                                                              const std::vector<VariableId>& through) {
  const auto expected = [&](std::size_t position) {
    return Expected{.type = parameter_type(function, position), .through = through};
  };
  if (!is("(")) return {simple(expected(0))};
  advance();
  std::vector<Expression> given;
  if (!is(")")) {
    do {
      given.push_back(expression(expected(given.size())));
    } while (skip(","));
  }
  expect(")");
  return given;
}

void SourceParser::table(Expected expected) {
  const Nesting nesting(depth_);
  const std::size_t opening = token_.offset;
  expect("{");
  if (expected.type != nullptr && expected.type->kind == Kind::optional) expected.type = expected.type->element;
  std::vector<std::string_view> keys;
  bool is_computed = false;
  while (!is("}")) {
    const auto key = table_entry(expected);
    key ? keys.push_back(*key) : void(is_computed = true);
    if (!skip(",") && !skip(";")) break;
  }
  expect("}");
  if (expected.type == nullptr || expected.type->kind != Kind::record || is_computed) return;
  for (const Field& field : expected.type->fields) {
    if (!field.required || std::find(keys.begin(), keys.end(), field.name) != keys.end()) continue;
    scope_.suspect(Suspicion{.text = expected.type->name + " needs a field \"" + field.name + "\""}, opening,
                   expected.through);
  }
}

std::optional<std::string_view> SourceParser::table_entry(const Expected& expected) {
  const auto value_of = [&](const Type* type) { expression({.type = type, .through = expected.through}); };
  if (token_.kind == Token::Kind::name && ahead_.is("=")) {
    const Token key = name();
    check_field(expected, key);
    expect("=");
    const Type* element = element_of(expected.type, Kind::map);
    value_of(element != nullptr ? element : field_type(expected.type, key.text));
    return key.text;
  }
  if (skip("[")) {
    const auto key = expression().literal;
    if (key) check_field(expected, *key);
    expect("]");
    expect("=");
    const Type* element = element_of(expected.type, Kind::map);
    value_of(element != nullptr || !key ? element : field_type(expected.type, key->text));
    return key ? std::optional(key->text) : std::nullopt;
  }
  value_of(element_of(expected.type, Kind::list));
  return std::string_view();
}

void SourceParser::check_field(const Expected& expected, const Token& key) {
  if (expected.type == nullptr || expected.type->kind != Kind::record) return;
  scope_.suspect(names_.field_problem(*expected.type, key.text), key.offset, expected.through);
}

}  // namespace opshost
