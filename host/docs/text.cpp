#include "host/docs/text.hpp"

#include <algorithm>
#include <utility>

namespace opshost::docs {
namespace {

constexpr std::size_t kRowIndent = 2;
constexpr std::size_t kColumnGap = 2;
constexpr std::size_t kNarrowest = 40;
constexpr std::size_t kWidestName = 24;
constexpr std::size_t kWidestType = 26;
/// A text column narrower than this goes below its name instead.
constexpr std::size_t kNarrowestText = 26;

std::string blanks(std::size_t count) { return std::string(count, ' '); }

std::vector<std::string_view> split_lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.push_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return lines;
}

/// What a line of Markdown begins.
enum class Block { blank, fence, code, heading, item, words };

Block block_of(std::string_view line) {
  if (line.find_first_not_of(' ') == std::string_view::npos) return Block::blank;
  if (line.starts_with("```")) return Block::fence;
  if (line.starts_with("    ")) return Block::code;
  if (line.starts_with("# ") || line.starts_with("## ") || line.starts_with("### ")) return Block::heading;
  if (line.starts_with("- ")) return Block::item;
  return Block::words;
}

}  // namespace

std::size_t text_width(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U; }));
}

std::vector<std::string> wrap(std::string_view text, std::size_t width) {
  std::vector<std::string> lines;
  std::string line;
  for (std::size_t at = 0; (at = text.find_first_not_of(" \n\t", at)) != std::string_view::npos;) {
    const std::size_t end = std::min(text.find_first_of(" \n\t", at), text.size());
    const std::string_view word = text.substr(at, end - at);
    at = end;
    if (!line.empty() && text_width(line) + 1 + text_width(word) > width) lines.push_back(std::exchange(line, {}));
    if (!line.empty()) line += ' ';
    line += word;
  }
  if (!line.empty()) lines.push_back(std::move(line));
  return lines;
}

Page::Page(TextStyle style) : style_(std::move(style)) { style_.width = std::max(style_.width, kNarrowest); }

std::string Page::painted(Tone tone, std::string_view text) const {
  return style_.paint && !text.empty() ? style_.paint(tone, text) : std::string(text);
}

void Page::heading(std::string_view text) {
  if (!lines_.empty() && !lines_.back().empty()) blank();
  lines_.push_back(painted(Tone::heading, text));
}

void Page::line(std::string_view text) { lines_.emplace_back(text); }

void Page::blank() {
  if (!lines_.empty() && !lines_.back().empty()) lines_.emplace_back();
}

void Page::paragraph(std::string_view text, std::size_t indent) {
  for (const std::string& line : wrap(text, style_.width - indent)) lines_.push_back(blanks(indent) + line);
}

void Page::code(std::string_view text, std::size_t indent) {
  for (const std::string_view line : split_lines(text)) {
    lines_.push_back(line.empty() ? std::string() : blanks(indent) + painted(Tone::code, line));
  }
}

void Page::markdown(std::string_view text, std::size_t indent) {
  std::string words;
  bool in_item = false;
  bool in_fence = false;
  const auto flush = [&] {
    if (in_item) {
      const auto item = wrap(words, style_.width - indent - 2);
      for (std::size_t i = 0; i < item.size(); ++i) lines_.push_back(blanks(indent) + (i == 0 ? "- " : "  ") + item[i]);
    } else {
      paragraph(words, indent);
    }
    words.clear();
    in_item = false;
  };
  for (const std::string_view line : split_lines(text)) {
    const Block block = block_of(line);
    if (in_fence && block != Block::fence) {
      code(line.empty() ? "\n" : line, indent + 2);
      continue;
    }
    if (block != Block::words && !(in_item && block == Block::code)) flush();
    switch (block) {
      case Block::blank:
        blank();
        break;
      case Block::fence:
        in_fence = !in_fence;
        break;
      case Block::code:
        in_item ? void(words.append(" ").append(line)) : code(line.substr(4), indent + 2);
        break;
      case Block::heading:
        heading(line.substr(line.find_first_not_of("# ")));
        break;
      case Block::item:
        in_item = true;
        words = line.substr(2);
        break;
      case Block::words:
        words.append(" ").append(line);
        break;
    }
  }
  flush();
}

void Page::rows(const std::vector<Row>& rows) {
  std::size_t name_width = 0;
  std::size_t type_width = 0;
  for (const Row& row : rows) {
    const std::size_t name = 2 * row.level + text_width(row.name);
    if (name <= kWidestName) name_width = std::max(name_width, name);
    if (text_width(row.type) <= kWidestType) type_width = std::max(type_width, text_width(row.type));
  }
  for (const Row& each : rows) row(each, name_width, type_width);
}

void Page::row(const Row& row, std::size_t name_width, std::size_t type_width) {
  const std::string indent = blanks(kRowIndent + 2 * row.level);
  const std::size_t own_width = name_width > 2 * row.level ? name_width - 2 * row.level : 0;
  std::size_t text_at = kRowIndent + name_width + kColumnGap;
  if (type_width > 0) text_at += type_width + kColumnGap;
  const bool below = text_at + kNarrowestText > style_.width;
  if (below) text_at = indent.size() + 4;

  std::string head = indent + painted(Tone::name, row.name);
  std::size_t head_width = indent.size() + text_width(row.name);
  if (!row.type.empty()) {
    const std::size_t gap = std::max(own_width, text_width(row.name)) - text_width(row.name) + kColumnGap;
    head += blanks(gap) + painted(Tone::type, row.type);
    head_width += gap + text_width(row.type);
  }
  std::vector<std::string> texts = wrap(row.text, style_.width - text_at);
  std::size_t next = 0;
  if (!texts.empty() && !below && head_width + kColumnGap <= text_at) {
    head += blanks(text_at - head_width) + texts[next++];
  }
  lines_.push_back(std::move(head));
  for (; next < texts.size(); ++next) lines_.push_back(blanks(text_at) + texts[next]);
}

std::string Page::text() const {
  std::string all;
  for (const std::string& line : lines_) all += line + '\n';
  return all;
}

}  // namespace opshost::docs
