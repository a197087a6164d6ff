#pragma once
// Aligned columns for people.
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "host/term/color.hpp"

namespace opshost {

class Table {
 public:
  enum class Align : std::uint8_t {
    automatic,  ///< to the right if all its cells are numbers, durations, sizes or percentages
    left,
    right,
  };
  struct Column {
    std::string title;
    Align align = Align::automatic;
  };
  struct Cell {
    Cell(std::string cell_text, Style cell_style = Style::plain) : text(std::move(cell_text)), style(cell_style) {}
    Cell(const char* cell_text, Style cell_style = Style::plain) : text(cell_text), style(cell_style) {}

    std::string text;  ///< anything; what is not printable is shown escaped
    Style style;
  };

  explicit Table(std::vector<Column> columns);

  /// Cells from the left; missing ones stay empty. More cells than columns are a std::logic_error.
  void add_row(std::vector<Cell> cells);
  [[nodiscard]] bool empty() const { return rows_.empty(); }

  /// Title line and rows, each ending in a line break, two blanks between columns, none at a line's end.
  [[nodiscard]] std::string text(bool color) const;

 private:
  using Row = std::vector<Cell>;

  [[nodiscard]] std::vector<std::size_t> widths() const;
  [[nodiscard]] bool is_right_aligned(std::size_t column) const;

  std::vector<Column> columns_;
  std::vector<Row> rows_;
};

}  // namespace opshost
