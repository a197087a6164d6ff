#pragma once
// Plain text in columns and paragraphs, wrapped to a width; colour only through a callback.
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace opshost::docs {

enum class Tone { heading, name, type, code };

struct TextStyle {
  std::size_t width = 80;  ///< columns of the terminal; below 40 is taken as 40
  /// Decorates a piece of text that is never wrapped afterwards; empty: as it is.
  std::function<std::string(Tone, std::string_view)> paint{};
};

/// Columns the text takes: code points, which is right for everything but wide and combining characters.
std::size_t text_width(std::string_view text);

/// Words of `text` in lines of at most `width` columns; a longer word has a line of its own.
std::vector<std::string> wrap(std::string_view text, std::size_t width);

/// Collects the lines of a page.
class Page {
 public:
  explicit Page(TextStyle style);

  /// A line above a section, a blank one before it.
  void heading(std::string_view text);
  void line(std::string_view text);
  void blank();
  /// One paragraph, each line after `indent` blanks.
  void paragraph(std::string_view text, std::size_t indent = 0);
  /// Lines as they are (code), each after `indent` blanks.
  void code(std::string_view text, std::size_t indent = 2);
  /// Paragraphs, "- " lists, "# " headings, code indented by four spaces or fenced.
  void markdown(std::string_view text, std::size_t indent = 0);

  struct Row {
    std::string name;
    std::string type;  ///< empty in every row: no such column
    std::string text;
    std::size_t level = 0;  ///< indentation below the row above
  };
  void rows(const std::vector<Row>& rows);

  [[nodiscard]] std::string text() const;

 private:
  [[nodiscard]] std::string painted(Tone tone, std::string_view text) const;
  void row(const Row& row, std::size_t name_width, std::size_t type_width);

  TextStyle style_;
  std::vector<std::string> lines_;
};

}  // namespace opshost::docs
