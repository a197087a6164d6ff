#include "bindings/data/yaml/editor.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include "bindings/data/yaml/surgery.hpp"
#include "bindings/data/yaml/value.hpp"
#include "host/base/error.hpp"

namespace opshost::data::yaml {

namespace {

[[noreturn]] void bad_path(const Value& path, const std::string& problem) {
  throw Error("usage.argument", "argument 1 \"path\": " + describe(path) + ": " + problem);
}

/// "ports[2]" -> "ports", 2.
void add_steps(const Value& path, std::string_view part, Path& steps) {
  const std::size_t bracket = std::min(part.find('['), part.size());
  if (bracket > 0) steps.emplace_back(std::string(part.substr(0, bracket)));
  part.remove_prefix(bracket);
  while (!part.empty()) {
    const std::size_t close = part.find(']');
    const auto digits = part.substr(1, close == std::string_view::npos ? close : close - 1);
    const bool is_position = close != std::string_view::npos && !digits.empty() && digits.size() < 9 &&
                             digits.find_first_not_of("0123456789") == std::string_view::npos && digits != "0";
    if (part.front() != '[' || !is_position) bad_path(path, "a position is [1], [2], ...");
    steps.emplace_back(static_cast<std::size_t>(std::stoul(std::string(digits))));
    part.remove_prefix(close + 1);
  }
}

Path steps_of_text(const Value& path, std::string_view text) {
  Path steps;
  while (true) {
    const std::size_t point = std::min(text.find('.'), text.size());
    if (point == 0) bad_path(path, "there is nothing between two points");
    add_steps(path, text.substr(0, point), steps);
    if (point == text.size()) return steps;
    text.remove_prefix(point + 1);
  }
}

/// Maps are compared whatever the order of their names.
Value sorted(const Value& value) {
  if (const auto* list = value.get_if<ValueList>()) {
    ValueList copy;
    for (const auto& element : *list) copy.push_back(sorted(element));
    return copy;
  }
  const auto* map = value.get_if<ValueMap>();
  if (map == nullptr) {
    // Lua has one kind of number.
    const auto* number = value.get_if<double>();
    // It equals nothing, not even itself.
    if (number != nullptr && std::isnan(*number)) return Opaque{.shown = ".nan"};
    const bool is_whole = number != nullptr && std::floor(*number) == *number && std::abs(*number) < 0x1p53;
    return is_whole ? Value(static_cast<std::int64_t>(*number)) : value;
  }
  ValueMap copy;
  for (const auto& [name, field] : *map) copy.emplace_back(name, sorted(field));
  std::sort(copy.begin(), copy.end(), [](const auto& one, const auto& other) { return one.first < other.first; });
  return copy;
}

/// The child at that step, of a Value or a const Value; nullptr where there is none.
template <typename AnyValue>
AnyValue* child_of(AnyValue& value, const Step& step) {
  if (const auto* name = std::get_if<std::string>(&step)) {
    auto* map = value.template get_if<ValueMap>();
    if (map == nullptr) return nullptr;
    const auto found = std::find_if(map->begin(), map->end(), [&](const auto& field) { return field.first == *name; });
    return found == map->end() ? nullptr : &found->second;
  }
  auto* list = value.template get_if<ValueList>();
  const std::size_t position = std::get<std::size_t>(step);
  return list == nullptr || position > list->size() ? nullptr : &(*list)[position - 1];
}

/// Every comment but those of what was replaced or taken away is still there, in its order.
bool keeps_comments(const Tree& before, const Tree& after, const Edited& edited) {
  const auto now = after.comments();
  auto next = now.begin();
  for (const auto& comment : before.comments()) {
    if (comment.offset >= edited.own_begin && comment.offset < edited.own_end) continue;
    next = std::find_if(next, now.end(), [&](const Comment& one) { return one.text == comment.text; });
    if (next == now.end()) return false;
    ++next;
  }
  return true;
}

void erase_in(Value& root, const Path& path) {
  Value* owner = &root;
  for (std::size_t i = 0; i + 1 < path.size(); ++i) owner = child_of(*owner, path[i]);
  if (const auto* name = std::get_if<std::string>(&path.back())) {
    auto& map = *owner->get_if<ValueMap>();
    map.erase(std::find_if(map.begin(), map.end(), [&](const auto& field) { return field.first == *name; }));
  } else {
    auto& list = *owner->get_if<ValueList>();
    list.erase(list.begin() + static_cast<std::ptrdiff_t>(std::get<std::size_t>(path.back()) - 1));
  }
}

/// What is to be written at the end of the way that exists: the value with the missing maps around it.
Value with_missing(const Path& path, std::size_t from, const Value& value, const Value& whole_path) {
  Value wrapped = value;
  for (std::size_t i = path.size(); i > from; --i) {
    if (const auto* name = std::get_if<std::string>(&path[i - 1])) {
      wrapped = Value(ValueMap{{*name, wrapped}});
    } else if (std::get<std::size_t>(path[i - 1]) == 1) {
      wrapped = Value(ValueList{wrapped});
    } else {
      bad_path(whole_path, "there is no list to have that position");
    }
  }
  return wrapped;
}

}  // namespace

Path parse_path(const Value& path) {
  if (const auto* text = path.get_if<std::string>(); text != nullptr && !text->empty()) {
    return steps_of_text(path, *text);
  }
  const auto* list = path.get_if<ValueList>();
  if (list == nullptr || list->empty()) bad_path(path, "expected \"a.b[1]\", or a list of names and positions");
  Path steps;
  for (const auto& step : *list) {
    const auto* name = step.get_if<std::string>();
    const auto* position = step.get_if<std::int64_t>();
    if (name != nullptr) {
      steps.emplace_back(*name);
    } else if (position != nullptr && *position >= 1) {
      steps.emplace_back(static_cast<std::size_t>(*position));
    } else {
      bad_path(path, "a step is a name or a position from 1");
    }
  }
  return steps;
}

struct Editor::Reading {
  Reading(std::string given, const std::string& file)
      : text(std::move(given)), tree(text, file), value(only_document(tree)) {}
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;
  ~Reading() = default;

  const std::string text;
  const Tree tree;
  const Value value;
};

Editor::Editor(std::string text, std::string file)
    : reading_(std::make_unique<const Reading>(std::move(text), file)), file_(std::move(file)) {}

Editor::~Editor() = default;

std::string Editor::text() const { return reading_->text; }

std::optional<Document> Editor::get(const Value& path) const {
  const Value* value = &reading_->value;
  for (const auto& step : parse_path(path)) {
    value = child_of(*value, step);
    if (value == nullptr) return std::nullopt;
  }
  return Document{*value};
}

void Editor::set(const Value& path, const Document& document) {
  const Value& value = document.value;
  const Path steps = parse_path(path);
  const Tree& tree = reading_->tree;
  Value expected = reading_->value;
  if (tree.documents().empty()) {
    const Value whole = with_missing(steps, 0, value, path);
    return replace_if_right({.text = reading_->text + write(whole)}, whole);
  }
  Value* at = &expected;
  std::size_t known = 0;
  while (known < steps.size()) {
    Value* next = child_of(*at, steps[known]);
    if (next == nullptr) break;
    at = next;
    ++known;
  }
  if (known == steps.size()) {
    *at = value;
    return replace_if_right(replaced(tree, steps, value), expected);
  }
  const Value missing = with_missing(steps, known + 1, value, path);
  const auto* name = std::get_if<std::string>(&steps[known]);
  const Path owner(steps.begin(), steps.begin() + static_cast<std::ptrdiff_t>(known));
  if (auto* map = at->get_if<ValueMap>(); map != nullptr && name != nullptr) {
    map->emplace_back(*name, missing);
    return replace_if_right(with_entry(tree, owner, *name, missing), expected);
  }
  if (auto* list = at->get_if<ValueList>(); list != nullptr && name == nullptr) {
    if (std::get<std::size_t>(steps[known]) != list->size() + 1) {
      bad_path(path, "the list has " + std::to_string(list->size()) + " elements");
    }
    list->push_back(missing);
    return replace_if_right(with_element(tree, owner, missing), expected);
  }
  if (!at->is_null() || owner.empty()) bad_path(path, "what is there is neither a map nor a list it could be put into");
  *at = with_missing(steps, known, value, path);
  const Value grown = *at;
  replace_if_right(replaced(tree, owner, grown), expected);
}

void Editor::erase(const Value& path) {
  const Path steps = parse_path(path);
  Value expected = reading_->value;
  const Value* at = &expected;
  for (const auto& step : steps) {
    at = child_of(*at, step);
    if (at == nullptr) return;
  }
  erase_in(expected, steps);
  replace_if_right(without(reading_->tree, steps), expected);
}

void Editor::replace_if_right(Edited edited, const Value& expected) {
  std::unique_ptr<const Reading> changed;
  try {
    changed = std::make_unique<const Reading>(std::move(edited.text), file_);
  } catch (const Error& error) {
    if (error.code() == "data.limit") throw;
  }
  if (!changed || sorted(changed->value) != sorted(expected)) {
    throw Error("data.edit",
                "the change cannot be made in place without changing something else (an anchor, an alias, an "
                "unusual style); change it by hand");
  }
  if (!keeps_comments(reading_->tree, changed->tree, edited)) {
    throw Error("data.edit", "the change cannot be made in place without losing a comment; change it by hand");
  }
  reading_ = std::move(changed);
}

}  // namespace opshost::data::yaml
