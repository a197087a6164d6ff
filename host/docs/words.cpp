#include "host/docs/words.hpp"

#include <algorithm>

namespace opshost::docs {
namespace {

/// "the container", "this machine": what a change touches, with its article; a method's own handle unless it says so.
std::string subject(const FunctionInfo& function) {
  const std::string& touches = function.touches;
  if (touches.empty()) return function.owner.empty() ? "something" : "the " + function.owner;
  const bool has_article = touches.starts_with("this ") || touches.starts_with("the ") || touches.starts_with("a ") ||
                           touches.starts_with("an ") || touches.starts_with("what ");
  return has_article ? touches : "the " + touches;
}

bool has_option(const FunctionInfo& function, std::string_view name) {
  for (const ParamInfo& param : function.params) {
    const Type* record = param.type == nullptr ? nullptr : record_inside(*param.type);
    if (record == nullptr) continue;
    for (const Field& field : record->fields) {
      if (field.name == name) return true;
    }
  }
  return false;
}

}  // namespace

std::string joined(const std::vector<std::string>& parts, std::string_view separator) {
  std::string text;
  for (const std::string& part : parts) {
    if (part.empty()) continue;
    if (!text.empty()) text += separator;
    text += part;
  }
  return text;
}

std::string capitalized(std::string_view text) {
  std::string result(text);
  const std::string_view word = text.substr(0, text.find_first_of(" ,;:"));
  const bool is_word = !word.empty() && std::all_of(word.begin(), word.end(),
                                                    [](char letter) { return letter >= 'a' && letter <= 'z'; });
  if (is_word) result[0] = static_cast<char>(result[0] - 'a' + 'A');
  return result;
}

std::string sentence(std::string_view doc) {
  std::string text = capitalized(doc);
  if (!text.empty() && std::string_view(".:!?").find(text.back()) == std::string_view::npos) text += '.';
  return text;
}

std::string with_rules(std::string_view doc, std::string_view rules) {
  if (rules.empty()) return std::string(doc);
  if (doc.empty()) return std::string(rules);
  return std::string(doc) + " (" + std::string(rules) + ")";
}

std::string signature(const FunctionInfo& function) {
  std::vector<std::string> params;
  for (const ParamInfo& param : function.params) {
    const bool optional = param.type != nullptr && may_be_left_out(*param.type);
    params.push_back(param.name + (optional ? "?" : ""));
  }
  if (function.variadic) {
    params.empty() ? params.emplace_back("...") : params.back().append("...");
  }
  std::string text = function.qualified() + "(" + joined(params, ", ") + ")";
  if (function.result != nullptr && function.result->kind != Kind::nothing) text += " -> " + function.result->name;
  return text;
}

std::string effect_words(const FunctionInfo& function) {
  if (function.effect == Effect::observe) return "only reads";
  const std::string again = function.repeatable ? "; safe to send again" : "; not safe to send twice";
  if (function.effect == Effect::change) return "changes " + subject(function) + again;
  return "destroys what cannot be put back (" + subject(function) + ")" + again;
}

std::string waiting_words(const FunctionInfo& function) {
  if (!function.waits) return {};
  const bool adjustable = has_option(function, "timeout");
  if (function.timeout) {
    return "waits at most " + format_duration(*function.timeout) +
           (has_option(function, "grace") ? " and the `grace`" : "") +
           (adjustable ? ", or as long as `timeout` says" : "");
  }
  return adjustable ? "waits as long as `timeout` says" : "waits for its answer";
}

std::string choice_words(const Type& type) {
  const Type& inner = type.kind == Kind::optional && type.element != nullptr ? *type.element : type;
  if (inner.kind != Kind::enumeration || is_inline_choice(inner)) return {};
  std::vector<std::string> choices;
  for (const std::string& choice : inner.choices) choices.push_back('"' + choice + '"');
  return "one of " + joined(choices, ", ");
}

std::string field_rules(const Field& field, bool is_argument) {
  std::vector<std::string> rules{field.type == nullptr ? std::string() : choice_words(*field.type)};
  if (is_argument && field.required) rules.emplace_back("required");
  if (is_argument && !field.default_text.empty()) rules.push_back("default " + field.default_text);
  return joined(rules, "; ");
}

const Type* record_inside(const Type& type) {
  if (type.kind == Kind::record) return &type;
  const bool wraps = type.kind == Kind::optional || type.kind == Kind::list || type.kind == Kind::stream;
  return wraps && type.element != nullptr ? record_inside(*type.element) : nullptr;
}

}  // namespace opshost::docs
