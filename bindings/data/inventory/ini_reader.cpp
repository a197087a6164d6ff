#include <optional>

#include "bindings/data/inventory/readers.hpp"
#include "bindings/data/yaml/value.hpp"

namespace opshost::data::inventory {

namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

struct Word {
  std::string text;
  std::size_t offset = 0;
  bool was_quoted = false;
};

class IniReader {
 public:
  IniReader(Model& model, std::string_view text) : model_(model), text_(text) {}

  void run() {
    for (std::size_t begin = 0; begin < text_.size();) {
      const std::size_t end = std::min(text_.find('\n', begin), text_.size());
      line(text_.substr(begin, end - begin), begin);
      begin = end + 1;
    }
  }

 private:
  enum class Section : std::uint8_t { hosts, children, variables };

  [[noreturn]] void fail(std::size_t offset, const std::string& problem) const {
    model_.fail("inventory.syntax", offset, problem);
  }

  void line(std::string_view whole, std::size_t begin) {
    const auto content = trimmed(whole);
    if (content.empty() || content.front() == '#' || content.front() == ';') return;
    const std::size_t offset = begin + static_cast<std::size_t>(content.data() - whole.data());
    if (content.front() == '[' && begins_section(content)) return section(content, offset);
    switch (section_) {
      case Section::hosts:
        return host(content, offset);
      case Section::children:
        return child(content, offset);
      case Section::variables:
        return variable(content, offset);
    }
  }

  /// "[1:3].example.com" is a host: a section's bracket ends the line, or a comment follows.
  static bool begins_section(std::string_view content) {
    const std::size_t close = content.find(']');
    if (close == std::string_view::npos) return true;
    const auto rest = trimmed(content.substr(close + 1));
    return rest.empty() || rest.front() == '#' || rest.front() == ';';
  }

  void section(std::string_view content, std::size_t offset) {
    const std::size_t close = content.find(']');
    if (close == std::string_view::npos) fail(offset, "the section's closing bracket is missing");
    const auto inside = content.substr(1, close - 1);
    const std::size_t colon = inside.find(':');
    const auto name = inside.substr(0, colon);
    section_ = Section::hosts;
    if (colon != std::string_view::npos) {
      const auto kind = inside.substr(colon + 1);
      if (kind == "children") {
        section_ = Section::children;
      } else if (kind == "vars") {
        section_ = Section::variables;
      } else {
        fail(offset + 1 + colon + 1,
             quoted(kind) + " is no kind of section; there are [GROUP], [GROUP:children] and [GROUP:vars]");
      }
    }
    group_ = model_.group(name, offset + 1);
    // Variables alone define no group: its name would be a typing mistake.
    if (section_ != Section::variables) model_.define_group(group_, offset + 1);
  }

  void host(std::string_view content, std::size_t offset) {
    const auto words = split(content, offset);
    const auto added = model_.add_hosts(group_, words.front().text, words.front().offset);
    for (std::size_t i = 1; i < words.size(); ++i) {
      const Variable variable = assignment(words[i]);
      for (const std::size_t one : added) model_.set_host_variable(one, variable);
    }
  }

  Variable assignment(const Word& word) {
    const std::size_t equals = word.text.find('=');
    if (equals == std::string::npos || equals == 0) {
      fail(word.offset, "behind a host stand its variables, NAME=VALUE; " + quoted(word.text) + " is none");
    }
    return {.name = word.text.substr(0, equals),
            .value = value_of(word.text.substr(equals + 1), word.was_quoted, word.offset),
            .offset = word.offset};
  }

  Value value_of(std::string text, bool was_quoted, std::size_t offset) {
    if (was_quoted) return text;
    auto value = yaml::plain_value(text);
    if (!value) fail(offset, yaml::number_problem(text));
    // An empty value is a text here; YAML's null has no place in an INI file.
    return value->is_null() ? Value(std::move(text)) : *std::move(value);
  }

  void child(std::string_view content, std::size_t offset) {
    const auto words = split(content, offset);
    if (words.size() > 1) fail(words[1].offset, "a line of [GROUP:children] has one group's name");
    model_.add_child(group_, model_.group(words.front().text, offset));
  }

  void variable(std::string_view content, std::size_t offset) {
    const std::size_t equals = content.find('=');
    if (equals == std::string_view::npos || equals == 0) fail(offset, "a line of [GROUP:vars] is NAME=VALUE");
    auto text = trimmed(content.substr(equals + 1));
    const bool in_quotes =
        text.size() >= 2 && (text.front() == '"' || text.front() == '\'') && text.back() == text.front();
    if (in_quotes) text = text.substr(1, text.size() - 2);
    model_.set_variable(group_, {.name = std::string(trimmed(content.substr(0, equals))),
                                 .value = value_of(std::string(text), in_quotes, offset),
                                 .offset = offset});
  }

  /// Words as a shell has them: quotes hold blanks, a # behind a blank begins a comment.
  std::vector<Word> split(std::string_view content, std::size_t offset) {
    std::vector<Word> words;
    std::size_t i = 0;
    while (i < content.size()) {
      if (is_blank(content[i])) {
        ++i;
        continue;
      }
      if (content[i] == '#' && !words.empty()) break;
      words.push_back(word(content, i, offset));
    }
    return words;
  }

  Word word(std::string_view content, std::size_t& i, std::size_t offset) {
    Word word{.text = {}, .offset = offset + i};
    while (i < content.size() && !is_blank(content[i])) {
      const char c = content[i++];
      if (c != '"' && c != '\'') {
        word.text += c;
        continue;
      }
      const std::size_t close = content.find(c, i);
      if (close == std::string_view::npos) fail(offset + i - 1, "the closing quote is missing");
      word.text += content.substr(i, close - i);
      word.was_quoted = true;
      i = close + 1;
    }
    return word;
  }

  Model& model_;
  std::string_view text_;
  Section section_ = Section::hosts;
  std::size_t group_ = 0;
};

}  // namespace

void read_ini(Model& model, std::string_view text) { IniReader(model, text).run(); }

}  // namespace opshost::data::inventory
