#include "host/term/table.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <string_view>

#include "host/base/size.hpp"
#include "host/base/time.hpp"
#include "host/base/utf8.hpp"
#include "host/term/display_width.hpp"

namespace opshost {

namespace {

bool is_number(std::string_view text) {
  if (text.ends_with('%')) text.remove_suffix(1);
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool begins_with_digit = text.find_first_of("0123456789") <= 1;  // from_chars reads "inf" and "nan" too
  return begins_with_digit && error == std::errc() && end == text.data() + text.size();
}

bool is_quantity(std::string_view text) { return is_number(text) || parse_duration(text) || parse_size(text); }

bool says_nothing(std::string_view text) { return text.empty() || text == "-"; }

/// Collects lines; blanks are only written once something follows them.
class Lines {
 public:
  void add(std::string_view shown, std::size_t columns, std::size_t width, bool to_the_right) {
    const std::size_t padding = width - columns;
    if (to_the_right) pending_ += padding;
    if (!shown.empty()) {
      text_.append(pending_, ' ').append(shown);
      pending_ = 0;
    }
    if (!to_the_right) pending_ += padding;
    pending_ += 2;
  }
  void end_line() {
    text_ += '\n';
    pending_ = 0;
  }
  std::string take() && { return std::move(text_); }

 private:
  std::string text_;
  std::size_t pending_ = 0;
};

}  // namespace

Table::Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

void Table::add_row(std::vector<Cell> cells) {
  if (cells.size() > columns_.size()) throw std::logic_error("a table's row has more cells than the table has columns");
  cells.resize(columns_.size(), Cell(""));
  for (Cell& cell : cells) cell.text = printable(cell.text);
  rows_.push_back(std::move(cells));
}

std::vector<std::size_t> Table::widths() const {
  std::vector<std::size_t> widths;
  for (const Column& column : columns_) widths.push_back(display_width(column.title));
  for (const Row& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], display_width(row[i].text));
  }
  return widths;
}

bool Table::is_right_aligned(std::size_t column) const {
  if (columns_[column].align != Align::automatic) return columns_[column].align == Align::right;
  bool some = false;
  for (const Row& row : rows_) {
    const std::string& text = row[column].text;
    if (says_nothing(text)) continue;
    if (!is_quantity(text)) return false;
    some = true;
  }
  return some;
}

std::string Table::text(bool color) const {
  const std::vector<std::size_t> width = widths();
  std::vector<bool> right(columns_.size());
  for (std::size_t i = 0; i < columns_.size(); ++i) right[i] = is_right_aligned(i);
  Lines lines;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const std::string& title = columns_[i].title;
    lines.add(styled(title, Style::strong, color), display_width(title), width[i], right[i]);
  }
  lines.end_line();
  for (const Row& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      lines.add(styled(row[i].text, row[i].style, color), display_width(row[i].text), width[i], right[i]);
    }
    lines.end_line();
  }
  return std::move(lines).take();
}

}  // namespace opshost
