#include "host/base/value.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "host/base/utf8.hpp"

namespace opshost {

namespace {

/// Deeper tables than a person would read; it also bounds the recursion.
constexpr int kMaxDepth = 32;

constexpr std::array<std::string_view, 22> kLuaKeywords{
    "and", "break", "do",  "else", "elseif", "end",    "false",  "for",  "function", "goto",  "if",
    "in",  "local", "nil", "not",  "or",     "repeat", "return", "then", "true",     "until", "while"};

void append_quoted(std::string& text, std::string_view string) {
  text += '"';
  while (!string.empty()) {
    const bool ends_or_escapes = string.front() == '"' || string.front() == '\\';
    if (ends_or_escapes) text += '\\';
    string.remove_prefix(append_printable(text, string));
  }
  text += '"';
}

bool is_lua_name(std::string_view name) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  const auto is_tail = [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); };
  if (name.empty() || !is_letter(name.front()) || !std::all_of(name.begin(), name.end(), is_tail)) return false;
  return std::find(kLuaKeywords.begin(), kLuaKeywords.end(), name) == kLuaKeywords.end();
}

std::string number_text(double number) {
  if (std::isnan(number)) return "nan";
  if (std::isinf(number)) return number < 0 ? "-inf" : "inf";
  std::array<char, 32> buffer{};
  const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number);
  return {buffer.data(), result.ptr};
}

class Describer {
 public:
  explicit Describer(std::size_t max_string) : max_string_(max_string) {}

  std::string take() && { return std::move(text_); }

  void operator()(std::monostate) { text_ += "nil"; }
  void operator()(bool value) { text_ += value ? "true" : "false"; }
  void operator()(std::int64_t value) { text_ += std::to_string(value); }
  void operator()(std::uint64_t value) { text_ += std::to_string(value); }
  void operator()(double value) { text_ += number_text(value); }
  void operator()(const std::string& value) {
    if (value.size() > max_string_) {
      text_ += "<" + std::to_string(value.size()) + " bytes>";
    } else {
      append_quoted(text_, value);
    }
  }
  void operator()(const Opaque& value) { text_ += printable(value.shown); }
  void operator()(const ValueList& list) {
    in_braces(list, [this](const Value& element) { describe(element); });
  }
  void operator()(const ValueMap& map) {
    in_braces(map, [this](const ValueMap::value_type& field) {
      append_name(field.first);
      text_ += " = ";
      describe(field.second);
    });
  }

  void describe(const Value& value) { std::visit(*this, value.data()); }

 private:
  template <class Container, class Each>
  void in_braces(const Container& container, const Each& each) {
    if (depth_ == kMaxDepth) {
      text_ += "{...}";
      return;
    }
    ++depth_;
    text_ += '{';
    std::string_view separator;
    for (const auto& item : container) {
      text_ += separator;
      separator = ", ";
      each(item);
    }
    text_ += '}';
    --depth_;
  }

  void append_name(const std::string& name) {
    if (is_lua_name(name)) {
      text_ += name;
      return;
    }
    text_ += '[';
    (*this)(name);
    text_ += ']';
  }

  std::string text_;
  std::size_t max_string_;
  int depth_ = 0;
};

}  // namespace

const Value* Value::field(std::string_view name) const {
  const auto* map = get_if<ValueMap>();
  if (map == nullptr) return nullptr;
  const auto found = std::find_if(map->begin(), map->end(), [&](const auto& field) { return field.first == name; });
  return found == map->end() ? nullptr : &found->second;
}

std::string describe(const Value& value, std::size_t max_string) {
  Describer describer(max_string);
  describer.describe(value);
  return std::move(describer).take();
}

std::string text_field(const Value& value, std::string_view name) {
  const auto* field = value.field(name);
  const auto* text = field == nullptr ? nullptr : field->get_if<std::string>();
  return text == nullptr ? std::string() : *text;
}

}  // namespace opshost
