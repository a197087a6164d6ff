#include "bindings/data/yaml/value.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <optional>
#include <unordered_set>

#include "host/base/error.hpp"

namespace opshost::data::yaml {

namespace {

/// What aliases may add to a text: "billion laughs" stays a few lines.
constexpr std::size_t kMostValues = 1'000'000;
constexpr std::size_t kMostBytes = std::size_t{64} << 20U;

bool is_any(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

bool all_digits(std::string_view text, std::string_view digits) {
  return !text.empty() && text.find_first_not_of(digits) == std::string_view::npos;
}

struct Integer {
  std::string_view digits;
  int base = 10;
  bool is_negative = false;
};

std::optional<Integer> as_integer(std::string_view text) {
  if (text.starts_with("0x") && all_digits(text.substr(2), "0123456789abcdefABCDEF")) {
    return Integer{.digits = text.substr(2), .base = 16};
  }
  if (text.starts_with("0o") && all_digits(text.substr(2), "01234567")) {
    return Integer{.digits = text.substr(2), .base = 8};
  }
  const bool is_signed = text.starts_with('-') || text.starts_with('+');
  const auto digits = text.substr(is_signed ? 1 : 0);
  if (!all_digits(digits, "0123456789") || (digits.size() > 1 && digits.front() == '0')) return std::nullopt;
  return Integer{.digits = digits, .is_negative = text.starts_with('-')};
}

/// nullopt: more than 64 bits.
std::optional<Value> integer_value(const Integer& integer) {
  std::uint64_t number = 0;
  const char* end = integer.digits.data() + integer.digits.size();
  if (std::from_chars(integer.digits.data(), end, number, integer.base).ec != std::errc{}) return std::nullopt;
  constexpr auto kLargest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (!integer.is_negative) {
    return number <= kLargest ? Value(static_cast<std::int64_t>(number)) : Value(number);
  }
  if (number > kLargest + 1) return std::nullopt;
  return Value(static_cast<std::int64_t>(0 - number));
}

std::string_view without_sign(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  return text;
}

std::optional<double> as_named_float(std::string_view text) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (is_any(text, {".nan", ".NaN", ".NAN"})) return std::numeric_limits<double>::quiet_NaN();
  if (is_any(without_sign(text), {".inf", ".Inf", ".INF"})) return text.starts_with('-') ? -kInfinity : kInfinity;
  return std::nullopt;
}

/// nullopt: it is no number with a fraction or exponent. Infinite: too big for one.
std::optional<double> as_float(std::string_view text) {
  const auto unsigned_text = without_sign(text);
  const bool looks_like_one = unsigned_text.find_first_not_of("0123456789.eE+-") == std::string_view::npos &&
                              unsigned_text.find_first_of("0123456789") <= 1;
  if (!looks_like_one || unsigned_text.find_first_of(".eE") == std::string_view::npos) return std::nullopt;
  double number = 0;
  const char* end = unsigned_text.data() + unsigned_text.size();
  const auto read = std::from_chars(unsigned_text.data(), end, number);
  if (read.ptr != end || read.ec == std::errc::invalid_argument) return std::nullopt;
  // from_chars does not say on which side a number is out of range; strtod does.
  if (read.ec == std::errc::result_out_of_range) number = std::strtod(std::string(unsigned_text).c_str(), nullptr);
  return text.starts_with('-') ? -number : number;
}

}  // namespace

std::optional<Value> plain_value(std::string_view text) {
  if (text.empty() || is_any(text, {"~", "null", "Null", "NULL"})) return Value();
  if (is_any(text, {"true", "True", "TRUE"})) return Value(true);
  if (is_any(text, {"false", "False", "FALSE"})) return Value(false);
  if (const auto integer = as_integer(text)) return integer_value(*integer);
  if (const auto number = as_named_float(text)) return *number;
  if (const auto number = as_float(text)) return std::isinf(*number) ? std::nullopt : std::optional<Value>(*number);
  return std::string(text);
}

std::string number_problem(std::string_view text) {
  const bool is_integer = as_integer(text).has_value();
  return std::string(is_integer ? "an integer of more than 64 bits would lose digits" : "the number is too big") +
         "; put it in quotes";
}

namespace {

/// One conversion in progress.
class Expansion {
 public:
  explicit Expansion(const Tree& tree) : tree_(tree) {}

  Value value(const Node& node) {
    count(node, 1, node.text.size());
    switch (node.kind) {
      case NodeKind::scalar:
        return scalar_value(tree_, node);
      case NodeKind::list:
        return list(node);
      case NodeKind::map:
        break;
    }
    return map(node);
  }

 private:
  void count(const Node& node, std::size_t values, std::size_t bytes) {
    values_ += values;
    bytes_ += bytes;
    if (values_ > kMostValues) {
      tree_.fail("data.limit", node, "its aliases make more than " + std::to_string(kMostValues) + " values of it");
    }
    if (bytes_ > tree_.text().size() + kMostBytes) {
      tree_.fail("data.limit", node, "its aliases make it longer by more than 64MiB");
    }
  }

  void check_tag(const Node& node, std::string_view wanted) const {
    if (node.tag.empty() || node.tag == wanted || node.tag == "!") return;
    tree_.fail("data.syntax", node, "the tag " + describe(Value(node.tag)) + " is not known here");
  }

  Value list(const Node& node) {
    check_tag(node, "!!seq");
    ValueList list;
    list.reserve(node.elements.size());
    for (const Node* element : node.elements) list.push_back(value(*element));
    return list;
  }

  Value map(const Node& node) {
    check_tag(node, "!!map");
    ValueMap map;
    map.reserve(node.entries.size());
    std::vector<const Node*> merged;
    for (const auto& [name, entry] : node.entries) {
      if (name->text == "<<" && name->style == Style::plain) {
        merged.push_back(entry);
        continue;
      }
      count(*name, 0, name->text.size());
      map.emplace_back(name->text, value(*entry));
    }
    if (merged.empty()) return map;
    std::unordered_set<std::string> known;
    for (const auto& [name, field] : map) known.insert(name);
    for (const Node* source : merged) merge(map, known, *source);
    return map;
  }

  /// What the map itself has counts; of several sources the first.
  void merge(ValueMap& map, std::unordered_set<std::string>& known, const Node& source) {
    if (source.kind == NodeKind::list) {
      for (const Node* element : source.elements) merge(map, known, *element);
      return;
    }
    if (source.kind != NodeKind::map) tree_.fail("data.syntax", source, "<< takes a map or a list of maps");
    Value expanded = value(source);
    for (auto& field : *expanded.get_if<ValueMap>()) {
      if (known.insert(field.first).second) map.push_back(std::move(field));
    }
  }

  const Tree& tree_;
  std::size_t values_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace

Value scalar_value(const Tree& tree, const Node& node) {
  const std::string& tag = node.tag;
  if (tag == "!!str" || tag == "!") return node.text;
  if (tag == "!vault") {
    tree.fail("data.syntax", node,
              "only Ansible opens a !vault; put the secret into the environment, a file of mode 0600 or a password "
              "store, and say where it is: env:NAME, file:PATH, command:PROGRAM");
  }
  const bool is_plain_tag = tag.empty() || is_any(tag, {"!!int", "!!float", "!!bool", "!!null"});
  if (!is_plain_tag) tree.fail("data.syntax", node, "the tag " + describe(Value(tag)) + " is not known here");
  if (node.style != Style::plain && tag.empty()) return node.text;
  auto value = plain_value(node.text);
  if (!value) tree.fail("data.number", node, number_problem(node.text));
  return *std::move(value);
}

Value to_value(const Tree& tree, const Node& node) { return Expansion(tree).value(node); }

Value read(std::string_view text, const std::string& file) { return only_document(Tree(text, file)); }

Value only_document(const Tree& tree) {
  const auto& documents = tree.documents();
  if (documents.empty()) return {};
  if (documents.size() > 1) {
    tree.fail("data.syntax", *documents[1], "a second document begins here; from_yaml_all reads all of them");
  }
  return to_value(tree, *documents.front());
}

std::vector<Value> read_all(std::string_view text, const std::string& file) {
  const Tree tree(text, file);
  std::vector<Value> values;
  for (const Node* document : tree.documents()) values.push_back(to_value(tree, *document));
  return values;
}

}  // namespace opshost::data::yaml
