#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "bindings/data/yaml/value.hpp"
#include "host/base/error.hpp"
#include "host/base/utf8.hpp"
#include "host/json/text_writer.hpp"

namespace opshost::data::yaml {

namespace {

std::string number_text(double number) {
  if (std::isnan(number)) return ".nan";
  if (std::isinf(number)) return number < 0 ? "-.inf" : ".inf";
  if (number == 0 && std::signbit(number)) return "-0.0";  // "-0" is an integer
  std::array<char, 32> digits{};
  const auto end = digits.data() + digits.size();
  // Beyond 2^53 digits alone would read back as an integer, or as none that 64 bits hold.
  const auto written = std::abs(number) < 0x1p53
                           ? std::to_chars(digits.data(), end, number)
                           : std::to_chars(digits.data(), end, number, std::chars_format::scientific);
  std::string text(digits.data(), written.ptr);
  // "1e-05" is a text to readers of YAML 1.1.
  const std::size_t exponent = text.find('e');
  if (exponent != std::string::npos && text.find('.') == std::string::npos) text.insert(exponent, ".0");
  return text;
}

/// Words that other readers, of YAML 1.1, take for booleans and nulls.
bool is_word_of_yaml_1_1(std::string_view text) {
  static constexpr std::array<std::string_view, 6> kWords{"yes", "no", "on", "off", "true", "false"};
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return std::find(kWords.begin(), kWords.end(), lower) != kWords.end() || lower == "null" || lower == "~";
}

bool is_all_printable(std::string_view text) {
  for (std::size_t offset = 0; offset < text.size();) {
    const auto character = decode_utf8(text.substr(offset));
    if (!character || !is_printable(character->value)) return false;
    offset += character->length;
  }
  return true;
}

/// "2024-01-31", also with a time behind it: a date to readers of YAML 1.1.
bool is_date(std::string_view text) {
  std::size_t at = 0;
  const auto digits = [&](std::size_t fewest, std::size_t most) {
    const std::size_t begin = at;
    while (at < text.size() && at - begin < most && text[at] >= '0' && text[at] <= '9') ++at;
    return at - begin >= fewest;
  };
  const auto dash = [&] { return at < text.size() && text[at++] == '-'; };
  return digits(4, 4) && dash() && digits(1, 2) && dash() && digits(1, 2);
}

/// A text that stands for itself without quotes, in every context but, with
/// `in_flow`, that of [] and {} as well.
bool is_plain(std::string_view text, bool in_flow) {
  if (text.empty() || is_word_of_yaml_1_1(text) || !is_all_printable(text)) return false;
  constexpr std::string_view kIndicators = "-?:,[]{}#&*!|>'\"%@`=<~";
  if (kIndicators.find(text.front()) != std::string_view::npos || text.front() == ' ' || text.back() == ' ' ||
      text.back() == ':') {
    return false;
  }
  if (text.starts_with("...")) return false;  // a document's end
  if (text.find(": ") != std::string_view::npos || text.find(" #") != std::string_view::npos) return false;
  if (in_flow && text.find_first_of(",[]{}") != std::string_view::npos) return false;
  // What it would read back as: no number, no word for nothing or truth.
  const auto value = plain_value(text);
  if (!value || value->get_if<std::string>() == nullptr || is_date(text)) return false;
  // Numbers, times, versions of two parts: quoted, whatever another reader would make of them.
  const bool begins_like_number =
      text.front() == '.' || text.front() == '+' || (text.front() >= '0' && text.front() <= '9');
  const bool is_address = std::count(text.begin(), text.end(), '.') > 1;
  const bool is_word =
      is_address || text.find_first_not_of("0123456789.eE+-_:xoabcdefABCDEF") != std::string_view::npos;
  return !begins_like_number || is_word;
}

std::string quoted(const std::string& text, bool in_flow) {
  if (json::find_ill_formed(text) != std::string::npos) {
    throw Error("data.unwritable", "the text " + describe(Value(text), 40) + " is no UTF-8, and YAML has nothing else");
  }
  if (is_plain(text, in_flow)) return text;
  const bool is_simple = is_all_printable(text) && text.find('\\') == std::string::npos;
  if (is_simple && text.find('\'') == std::string::npos) return "'" + text + "'";
  // JSON's escapes are YAML's too.
  std::string json;
  json::append_string(json, text);
  return json;
}

/// A text of several lines that a literal block shows as it is.
bool fits_literal_block(std::string_view text) {
  if (text.find('\n') == std::string_view::npos || text.front() == ' ' || text.front() == '\n') return false;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const auto line = text.substr(0, end);
    if (!is_all_printable(line) || line.ends_with(' ')) return false;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return true;
}

class Writer {
 public:
  std::string take() && { return std::move(yaml_); }

  /// A value behind "name:" or "-", whose line is begun and whose content is
  /// indented by `indent`.
  void after_indicator(const Value& value, std::size_t indent, bool in_list) {
    if (const auto* list = value.get_if<ValueList>(); list != nullptr && !list->empty()) {
      yaml_ += '\n';
      elements(*list, indent);
    } else if (const auto* map = value.get_if<ValueMap>(); map != nullptr && !map->empty()) {
      yaml_ += in_list ? ' ' : '\n';
      entries(*map, indent, in_list);
    } else if (const auto* text = value.get_if<std::string>(); text != nullptr && fits_literal_block(*text)) {
      literal(*text, indent);
    } else {
      yaml_ += ' ' + scalar_text(value, false) + '\n';
    }
  }

  void root(const Value& value) {
    if (const auto* list = value.get_if<ValueList>(); list != nullptr && !list->empty()) {
      elements(*list, 0);
    } else if (const auto* map = value.get_if<ValueMap>(); map != nullptr && !map->empty()) {
      entries(*map, 0, false);
    } else {
      yaml_ += scalar_text(value, false) + '\n';
    }
  }

 private:
  static constexpr std::size_t kIndent = 2;

  void elements(const ValueList& list, std::size_t indent) {
    for (const Value& element : list) {
      yaml_.append(indent, ' ') += '-';
      after_indicator(element, indent + kIndent, true);
    }
  }

  /// The first stands behind the "-" of a list's element.
  void entries(const ValueMap& map, std::size_t indent, bool first_is_begun) {
    bool is_begun = first_is_begun;
    for (const auto& [name, value] : map) {
      if (!is_begun) yaml_.append(indent, ' ');
      is_begun = false;
      yaml_ += quoted(name, false) + ':';
      after_indicator(value, indent + kIndent, false);
    }
  }

  void literal(std::string_view text, std::size_t indent) {
    const bool ends_with_break = text.ends_with('\n');
    const bool ends_with_more = text.ends_with("\n\n");
    yaml_ += ends_with_more ? " |+\n" : ends_with_break ? " |\n" : " |-\n";
    if (ends_with_break) text.remove_suffix(1);
    while (true) {
      const std::size_t end = text.find('\n');
      const auto line = text.substr(0, end);
      if (!line.empty()) yaml_.append(indent, ' ').append(line);
      yaml_ += '\n';
      if (end == std::string_view::npos) return;
      text.remove_prefix(end + 1);
    }
  }

  std::string yaml_;
};

struct ScalarText {
  bool in_flow;
  std::string operator()(std::monostate) const { return "null"; }
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(std::int64_t value) const { return std::to_string(value); }
  std::string operator()(std::uint64_t value) const { return std::to_string(value); }
  std::string operator()(double value) const { return number_text(value); }
  std::string operator()(const std::string& value) const { return quoted(value, in_flow); }
  std::string operator()(const Opaque& value) const {
    throw Error("data.unwritable", "YAML has no word for " + value.shown);
  }
  std::string operator()(const ValueList& list) const {
    std::string text;
    for (const Value& element : list) text += (text.empty() ? "" : ", ") + scalar_text(element, true);
    return "[" + text + "]";
  }
  std::string operator()(const ValueMap& map) const {
    std::string text;
    for (const auto& [name, value] : map) {
      text += (text.empty() ? "" : ", ") + quoted(name, true) + ": " + scalar_text(value, true);
    }
    return "{" + text + "}";
  }
};

}  // namespace

std::string scalar_text(const Value& value, bool in_flow) { return std::visit(ScalarText{in_flow}, value.data()); }

std::string write(const Value& value) {
  Writer writer;
  writer.root(value);
  return std::move(writer).take();
}

std::string write_indented(const Value& value, std::size_t indent, bool in_list) {
  Writer writer;
  writer.after_indicator(value, indent, in_list);
  return std::move(writer).take();
}

}  // namespace opshost::data::yaml
