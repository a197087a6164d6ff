#include "bindings/data/yaml/surgery.hpp"

#include <algorithm>

#include "bindings/data/yaml/value.hpp"
#include "host/base/error.hpp"
#include "host/json/text_writer.hpp"

namespace opshost::data::yaml {

namespace {

/// A node as its owner has it.
struct Spot {
  const Node* node = nullptr;
  const Node* owner = nullptr;  ///< nullptr: the document's root
  const Node* name = nullptr;   ///< in a map
  std::size_t position = 0;
};

bool is_block(const Node& node) { return node.style == Style::block; }
bool has_block_text(const Node& node) { return node.style == Style::literal || node.style == Style::folded; }

class Surgeon {
 public:
  explicit Surgeon(const Tree& tree) : tree_(tree), text_(tree.text()) {}

  [[nodiscard]] Spot find(const Path& path) const {
    Spot spot{.node = tree_.documents().front()};
    for (const auto& step : path) {
      const Node& owner = *spot.node;
      spot = std::holds_alternative<std::string>(step) ? entry_of(owner, std::get<std::string>(step))
                                                       : element_of(owner, std::get<std::size_t>(step));
      if (tree_.is_alias(owner, spot.position)) refuse("it goes through an alias");
    }
    return spot;
  }

  [[nodiscard]] Edited replace(const Spot& spot, const Value& value) const {
    const Node& old = *spot.node;
    if (old.is_alias_target) refuse("aliases mean it too");
    const bool in_flow = spot.owner != nullptr && !is_block(*spot.owner);
    const bool is_short = in_flow || is_one_line(value);
    const bool has_lines = is_block(old) || has_block_text(old);
    const bool has_place = old.end > old.begin && !has_lines;
    const auto edited = [&](std::size_t begin, std::size_t end, const std::string& by) {
      return Edited{.text = cut(begin, end, by), .own_begin = old.begin, .own_end = std::max(end, old.end)};
    };
    if (is_short && has_place) return edited(old.begin, old.end, as_before(old, value, in_flow));
    if (in_flow) refuse("it has no place of its own");
    const std::size_t begin = behind_indicator(spot);
    const std::size_t end = std::max(begin, content_end(old));
    if (spot.owner == nullptr) return edited(old.begin, end, write_without_break(value));
    // A comment on the line of its name or dash stays on it.
    if (is_short) {
      const std::string text = " " + scalar_text(value, false);
      return has_lines ? edited(begin, own_end(spot), text + comment_above(old, begin)) : edited(begin, end, text);
    }
    std::string block = without_break(write_indented(value, indent_of(spot) + 2, spot.name == nullptr));
    const auto comment = has_lines ? comment_above(old, begin) : std::string(text_.substr(end, line_end(end) - end));
    block.insert(std::min(block.find('\n'), block.size()), comment);
    return edited(begin, has_lines ? own_end(spot) : line_end(end), block);
  }

  [[nodiscard]] Edited add_entry(const Spot& map, const std::string& name, const Value& value) const {
    if (map.node->is_alias_target) refuse("aliases mean it too");
    const Value entry(ValueMap{{name, value}});
    if (map.node->entries.empty()) return replace(map, entry);
    const auto& [last_name, last] = map.node->entries.back();
    if (!is_block(*map.node)) {
      const std::string flow = scalar_text(entry, true);
      const std::size_t end = std::max(last->end, last_name->end);
      return {.text = cut(end, end, ", " + flow.substr(1, flow.size() - 2))};
    }
    const std::size_t end = line_end(end_of_entry(*last_name, *last));
    const std::string indent(column(map.node->entries.front().first->begin), ' ');
    const auto block = without_break(write_indented(value, indent.size() + 2, false));
    return {.text = cut(end, end, "\n" + indent + quoted_name(name) + ":" + block)};
  }

  [[nodiscard]] Edited add_element(const Spot& list, const Value& value) const {
    if (list.node->is_alias_target) refuse("aliases mean it too");
    if (list.node->elements.empty()) return replace(list, ValueList{value});
    const Node& last = *list.node->elements.back();
    if (!is_block(*list.node)) return {.text = cut(last.end, last.end, ", " + scalar_text(value, true))};
    const std::size_t indent = column(dash_of(last));
    const std::size_t end = line_end(end_of_element(last));
    const auto block = without_break(write_indented(value, indent + 2, true));
    return {.text = cut(end, end, "\n" + std::string(indent, ' ') + "-" + block)};
  }

  [[nodiscard]] Edited remove(const Spot& spot, const Spot& owner) const {
    if (owner.node->is_alias_target) refuse("aliases mean it too");
    const bool is_map = spot.name != nullptr;
    const std::size_t count = is_map ? owner.node->entries.size() : owner.node->elements.size();
    if (count == 1) return replace(owner, is_map ? Value(ValueMap()) : Value(ValueList()));
    return is_block(*owner.node) ? remove_lines(spot) : remove_in_flow(spot, *owner.node, count);
  }

 private:
  [[noreturn]] void refuse(const std::string& problem) const {
    throw Error("data.edit", "the change cannot be made in place: " + problem + "; change it by hand");
  }

  [[nodiscard]] Spot entry_of(const Node& owner, const std::string& name) const {
    for (std::size_t i = 0; i < owner.entries.size(); ++i) {
      const auto& [key, value] = owner.entries[i];
      if (key->text == name) return {.node = value, .owner = &owner, .name = key, .position = i};
    }
    refuse("it comes from a merged map");
  }
  [[nodiscard]] Spot element_of(const Node& owner, std::size_t position) const {
    if (position > owner.elements.size()) refuse("the list has no such element");
    return {.node = owner.elements[position - 1], .owner = &owner, .position = position - 1};
  }

  /// What is put in breaks its lines as the text does.
  [[nodiscard]] std::string cut(std::size_t begin, std::size_t end, const std::string& by) const {
    std::string changed(text_.substr(0, begin));
    for (const char c : by) {
      if (c == '\n' && has_carriage_returns_) changed += '\r';
      changed += c;
    }
    return changed += text_.substr(end);
  }

  [[nodiscard]] std::size_t line_start(std::size_t offset) const {
    const std::size_t line_break = offset == 0 ? std::string_view::npos : text_.rfind('\n', offset - 1);
    return line_break == std::string_view::npos ? 0 : line_break + 1;
  }
  /// Where the line's break begins.
  [[nodiscard]] std::size_t line_end(std::size_t offset) const {
    const std::size_t end = std::min(text_.find('\n', offset), text_.size());
    return has_carriage_returns_ && end > offset && text_[end - 1] == '\r' ? end - 1 : end;
  }
  [[nodiscard]] std::size_t next_line(std::size_t offset) const {
    return std::min(std::min(text_.find('\n', offset), text_.size()) + 1, text_.size());
  }
  [[nodiscard]] std::size_t column(std::size_t offset) const { return offset - line_start(offset); }

  /// Where its text ends: a block's own end is where the next thing begins, comments between included.
  [[nodiscard]] std::size_t content_end(const Node& node) const {
    if (node.kind == NodeKind::map && is_block(node) && !node.entries.empty()) {
      return end_of_entry(*node.entries.back().first, *node.entries.back().second);
    }
    if (node.kind == NodeKind::list && is_block(node) && !node.elements.empty()) {
      return end_of_element(*node.elements.back());
    }
    std::size_t end = std::min(node.end, text_.size());
    while (has_block_text(node) && end > node.begin && (text_[end - 1] == '\n' || text_[end - 1] == ' ')) --end;
    return end;
  }

  [[nodiscard]] std::size_t end_of_entry(const Node& name, const Node& value) const {
    // An alias's node stands elsewhere, an absent value nowhere.
    const bool is_elsewhere = value.begin < name.end || is_absent(value);
    return is_elsewhere ? line_end(name.end) : content_end(value);
  }

  /// An absent value's begin is where the text before it ends.
  static bool is_absent(const Node& node) { return node.begin == node.end; }

  [[nodiscard]] std::size_t end_of_element(const Node& element) const {
    return is_absent(element) ? dash_of(element) + 1 : content_end(element);
  }

  [[nodiscard]] std::size_t dash_of(const Node& element) const {
    if (is_absent(element)) return dash_behind(element.begin);
    std::size_t at = element.begin;
    while (at > 0 && std::string_view(" \r\n").find(text_[at - 1]) != std::string_view::npos) --at;
    if (at == 0 || text_[at - 1] != '-') refuse("there is more between \"-\" and the list's element");
    return at - 1;
  }

  [[nodiscard]] std::size_t dash_behind(std::size_t at) const {
    while (at < text_.size() && text_[at] != '-') {
      const bool is_between = std::string_view(" \r\n#").find(text_[at]) != std::string_view::npos;
      if (!is_between) refuse("there is no \"-\" where the list's element should be");
      at = text_[at] == '#' ? next_line(at) : at + 1;
    }
    return at;
  }

  /// Behind the ":" or "-" of it.
  [[nodiscard]] std::size_t behind_indicator(const Spot& spot) const {
    if (spot.owner == nullptr) return spot.node->begin;
    if (spot.name == nullptr) return dash_of(*spot.node) + 1;
    std::size_t at = spot.name->end;
    while (at < text_.size() && text_[at] == ' ') ++at;
    if (at >= text_.size() || text_[at] != ':') refuse("there is no \":\" behind its name");
    return at + 1;
  }

  [[nodiscard]] std::size_t indent_of(const Spot& spot) const {
    return spot.name != nullptr ? column(spot.name->begin) : column(dash_of(*spot.node));
  }

  /// Behind the ":" or "-" of a block that begins on the next line: " # a comment", or nothing.
  [[nodiscard]] std::string comment_above(const Node& old, std::size_t begin) const {
    const auto line = text_.substr(begin, line_end(begin) - begin);
    const std::size_t mark = line.find_first_not_of(has_block_text(old) ? " |>+-0123456789" : " ");
    if (mark == std::string_view::npos || line[mark] != '#' || mark == 0 || line[mark - 1] != ' ') return {};
    const std::size_t blanks = line.find_last_not_of(' ', mark - 1);
    return std::string(line.substr(blanks == std::string_view::npos ? 0 : blanks + 1));
  }

  /// Where its last line ends: of a block, the comments below that are indented as its content is are its own.
  [[nodiscard]] std::size_t own_end(const Spot& spot) const {
    const Node& node = *spot.node;
    std::size_t end = line_end(spot.name != nullptr ? end_of_entry(*spot.name, node) : end_of_element(node));
    if (!is_block(node) && !has_block_text(node)) return end;
    const std::size_t indent = indent_of(spot);
    for (std::size_t line = next_line(end); line < text_.size(); line = next_line(line)) {
      const std::size_t first = std::min(text_.find_first_not_of(' ', line), text_.size());
      const bool is_blank = first == text_.size() || text_[first] == '\n' || text_[first] == '\r';
      if (is_blank) continue;
      if (text_[first] != '#' || first - line <= indent) break;
      end = line_end(line);
    }
    return end;
  }

  [[nodiscard]] Edited remove_lines(const Spot& spot) const {
    const std::size_t begin = spot.name != nullptr ? spot.name->begin : dash_of(*spot.node);
    const std::size_t end = own_end(spot);
    const auto edited = [&](std::size_t from, std::size_t to) {
      return Edited{.text = cut(from, to, ""), .own_begin = begin, .own_end = end};
    };
    const auto before = text_.substr(line_start(begin), column(begin));
    if (before.find_first_not_of(' ') == std::string_view::npos) return edited(line_start(begin), next_line(end));
    // The first of a list's element stands behind its "-": the next one takes its place, unless comments stand between.
    const bool is_last =
        spot.position + 1 == (spot.name != nullptr ? spot.owner->entries.size() : spot.owner->elements.size());
    if (is_last) refuse("it stands behind another one's \"-\"");
    const std::size_t next = spot.name != nullptr ? spot.owner->entries[spot.position + 1].first->begin
                                                  : dash_of(*spot.owner->elements[spot.position + 1]);
    const auto between = text_.substr(std::min(end, next), next - std::min(end, next));
    if (between.find('#') == std::string_view::npos) return edited(begin, next);
    return edited(line_start(begin) + before.find_last_not_of(' ') + 1, end);
  }

  [[nodiscard]] Edited remove_in_flow(const Spot& spot, const Node& owner, std::size_t count) const {
    const auto begin_of = [&](std::size_t i) {
      return spot.name != nullptr ? owner.entries[i].first->begin : owner.elements[i]->begin;
    };
    const auto edited = [&](std::size_t begin, std::size_t end) {
      return Edited{.text = cut(begin, end, ""), .own_begin = begin_of(spot.position), .own_end = spot.node->end};
    };
    if (spot.position + 1 < count) return edited(begin_of(spot.position), begin_of(spot.position + 1));
    const std::size_t before =
        spot.name != nullptr ? owner.entries[spot.position - 1].second->end : owner.elements[spot.position - 1]->end;
    return edited(before, spot.node->end);
  }

  static bool is_one_line(const Value& value) {
    const auto* list = value.get_if<ValueList>();
    const auto* map = value.get_if<ValueMap>();
    const auto* text = value.get_if<std::string>();
    return (list == nullptr || list->empty()) && (map == nullptr || map->empty()) &&
           (text == nullptr || text->find('\n') == std::string::npos);
  }

  /// A text keeps the quotes it had.
  static std::string as_before(const Node& old, const Value& value, bool in_flow) {
    const auto* text = value.get_if<std::string>();
    if (text == nullptr || old.kind != NodeKind::scalar) return scalar_text(value, in_flow);
    std::string json;
    json::append_string(json, *text);
    const bool needs_escapes =
        json.find('\\') != std::string::npos || json::find_ill_formed(*text) != std::string::npos;
    if (old.style == Style::double_quoted && !needs_escapes) return json;
    if (old.style == Style::single_quoted && !needs_escapes && text->find('\'') == std::string::npos) {
      return "'" + *text + "'";
    }
    return scalar_text(value, in_flow);
  }

  static std::string quoted_name(const std::string& name) { return scalar_text(Value(name), false); }
  static std::string without_break(std::string text) {
    if (text.ends_with('\n')) text.pop_back();
    return text;
  }
  static std::string write_without_break(const Value& value) { return without_break(write(value)); }

  const Tree& tree_;
  std::string_view text_;
  bool has_carriage_returns_ = text_.find("\r\n") != std::string_view::npos;
};

}  // namespace

Edited replaced(const Tree& tree, const Path& path, const Value& value) {
  const Surgeon surgeon(tree);
  return surgeon.replace(surgeon.find(path), value);
}

Edited with_entry(const Tree& tree, const Path& path, const std::string& name, const Value& value) {
  const Surgeon surgeon(tree);
  return surgeon.add_entry(surgeon.find(path), name, value);
}

Edited with_element(const Tree& tree, const Path& path, const Value& value) {
  const Surgeon surgeon(tree);
  return surgeon.add_element(surgeon.find(path), value);
}

Edited without(const Tree& tree, const Path& path) {
  const Surgeon surgeon(tree);
  const Path owner(path.begin(), path.end() - 1);
  return surgeon.remove(surgeon.find(path), surgeon.find(owner));
}

}  // namespace opshost::data::yaml
